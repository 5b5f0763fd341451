"""What every telemetry store does with what it is given: standings move on, streams get their order. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from operator import attrgetter

from openmodels.domain.standing import Standing, Transition, advance
from openmodels.domain.telemetry import Check, Measurement
from openmodels.store.ports import Cursor, Recorded
from openmodels.store.turn_ports import TurnKey, TurnResult


def advanced(
    checks: Sequence[Check], standings: Mapping[str, Standing]
) -> tuple[dict[str, Standing], tuple[Transition, ...]]:
    """How the providers of these checks stand after them, and what changed, in the order of time.

    Of checks made at the same time, the one given first came first. Providers that stand as before are left
    out.
    """
    by_provider = defaultdict(list)
    for check in checks:
        by_provider[check.provider_id].append(check)
    after: dict[str, Standing] = {}
    transitions = []
    for provider_id, own in by_provider.items():
        before = standing = standings.get(provider_id, Standing())
        for check in sorted(own, key=attrgetter("checked_at")):
            standing, transition = advance(standing, check)
            if transition is not None:
                transitions.append(transition)
        if standing is not before:
            after[provider_id] = standing
    return after, tuple(sorted(transitions, key=attrgetter("at")))


def newest_turns(results: Sequence[TurnResult], known: Mapping[TurnKey, int]) -> list[TurnResult]:
    """Of these, what is the first result of its turn and comes after what is ``known`` by slot."""
    newest = dict(known)
    kept = []
    for result in results:
        key, slot = result.turn
        if key not in newest or slot > newest[key]:
            newest[key] = slot
            kept.append(result)
    return kept


def in_order(
    cursor: Cursor, checks: Sequence[tuple[int, Check]], measurements: Sequence[tuple[int, Measurement]]
) -> Recorded:
    """Numbered checks and measurements after ``cursor`` as one sequence.

    Each kind keeps the order in which it was recorded, which cursors count; the kinds are merged by time.
    """
    events: list[tuple[Cursor, Check | Measurement]] = []
    waiting = list(measurements)[::-1]

    def take_measurements(cursor: Cursor, before: Check | None) -> Cursor:
        while waiting and (before is None or waiting[-1][1].measured_at < before.checked_at):
            number, measurement = waiting.pop()
            cursor = cursor._replace(measurement=number)
            events.append((cursor, measurement))
        return cursor

    for number, check in checks:
        cursor = take_measurements(cursor, check)._replace(check=number)
        events.append((cursor, check))
    end = take_measurements(cursor, None)
    return Recorded(tuple(events), end)
