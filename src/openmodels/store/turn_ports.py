"""The port of turns: which probe was due when, so that of several probers' results for it one is kept.

Part of ``ports.TelemetryStore``, for a turn and its result are kept in one transaction.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from openmodels.domain.standing import Transition
from openmodels.domain.telemetry import Check, Measurement


class TurnKey(NamedTuple):
    """What is probed in turns: a provider, in one of two ways, from one region."""

    region: str
    kind: str
    """``health`` or ``latency``."""
    provider_id: str


class Turn(NamedTuple):
    """One probe that was due."""

    key: TurnKey
    """Of what."""
    slot: int
    """When it was due, in microseconds since 1970: so numbers grow whatever becomes of the interval."""


class TurnResult(NamedTuple):
    """What came of a turn."""

    turn: Turn
    """The turn."""
    record: Check | Measurement
    """Its result."""
    slow: bool = False
    """Whether it took long, so that the next one had better not be in the way of quick ones."""


class TurnStore(Protocol):
    """Keeps results by their turns."""

    async def record_turns(self, results: Sequence[TurnResult]) -> tuple[Transition, ...]:
        """Keep in one transaction what is the first result of its turn, and give back who changed by it.

        A result is dropped where one of the same turn, or of a later one of the same key, was kept before:
        of several probers that took one turn, one counts, and the order of turns is the order of results.
        """
        ...

    async def turn_recorded(self, turn: Turn) -> bool:
        """Whether a result of this turn, or of a later one of the same key, was kept."""
        ...

    async def slow_turns(self, region: str) -> Collection[TurnKey]:
        """Whose last turn in this region took long."""
        ...
