"""A plan written for people and for programs; nothing that a source says can steer a terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from openmodels.domain.faults import visible
from openmodels.domain.fields import value_of
from openmodels.registry.reconcile.fields import as_json
from openmodels.registry.reconcile.plan import Disagreement, Doubt, Plan, RecordChange

MANY = 40
"""How many lines of each list people are shown; ``--format json`` and ``--review`` have them all."""


def text_lines(plan: Plan, *, dry: bool) -> Iterator[str]:
    """The plan in lines: what changes, what is disputed, what is to be looked at, then a summary."""
    changed = [change for change in plan.changes if change.old and change.new and change.fields]
    yield from _section("changed" if not dry else "would change", map(_changed, changed))
    removed = [f"{c.kind} {c.id}" for c in plan.changes if c.new is None]
    yield from _section("removed" if not dry else "would be removed", removed)
    yield from _section("disagreements", map(disagreement, plan.disagreements))
    yield from _section("to review", map(doubt, plan.review))
    left_out = (f"{left.kind} {left.id} {left.field}: {left.why}" for left in plan.left_out)
    yield from _section("left out", left_out)
    unlisted = (f"{name} is no longer listed by {plan.source}, and stays" for name in plan.unlisted)
    yield from _section("no longer listed", unlisted)
    yield from _section("notes", plan.notes)
    yield visible(summary(plan, dry=dry))


def _section(head: str, lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    if not listed:
        return
    yield f"{head} ({len(listed):,}):"
    for line in listed[:MANY]:
        yield f"  {visible(line)}"
    if len(listed) > MANY:
        yield f"  … and {len(listed) - MANY:,} more"
    yield ""


def _changed(change: RecordChange) -> str:
    parts = []
    for field in change.fields:
        before, after = as_json(value_of(change.old, field)), as_json(value_of(change.new, field))
        parts.append(f"{field} {_short(before)} → {_short(after)}")
    return f"{change.kind} {change.id}: {'; '.join(parts)}"


def disagreement(one: Disagreement) -> str:
    """``offering groq/gpt-4o max_output_tokens: litellm says 8192, registry says 32000``."""
    says = [f"{voice.source} says {_short(voice.value)}" for voice in one.says]
    return f"{one.kind} {one.id} {one.field}: {', '.join([*says, f'registry says {_short(one.ours)}'])}"


def doubt(one: Doubt) -> str:
    """One line of the review list."""
    where = f"{one.provider}: " if one.provider else ""
    title = f" ({one.title})" if one.title and one.title != one.name else ""
    maybe = ", ".join(f"{c.model_id} {c.score:.2f}" for c in one.candidates)
    return f"{where}{one.name}{title}: {one.reason}" + (f"; maybe {maybe}" if maybe else "")


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def summary(plan: Plan, *, dry: bool) -> str:
    """What came of it, in one line of numbers."""
    counts = counts_of(plan)
    what = "would add" if dry else "added"
    added = ", ".join(
        f"{counts[f'added_{kind}']:,} {kind}{'' if counts[f'added_{kind}'] == 1 else 's'}"
        for kind in ("model", "provider", "offering")
    )
    return (
        f"{plan.source} {plan.version}: {what} {added}; {counts['changed']:,} changed, "
        f"{counts['noted']:,} with news of where from and when only, {counts['removed']:,} removed, "
        f"{len(plan.agreed):,} confirmed as they are; {len(plan.disagreements):,} disagreements, "
        f"{len(plan.review):,} to review, {len(plan.variants):,} other names of the same, "
        f"{len(plan.left_out):,} left out"
    )


def counts_of(plan: Plan) -> dict[str, int]:
    """How many records are added (by kind), changed, merely noted, and removed."""
    counts: Counter[str] = Counter({f"added_{kind}": 0 for kind in ("model", "provider", "offering")})
    counts.update({"changed": 0, "noted": 0, "removed": 0})
    for change in plan.changes:
        if change.old is None:
            counts[f"added_{change.kind}"] += 1
        elif change.new is None:
            counts["removed"] += 1
        else:
            counts["changed" if change.fields else "noted"] += 1
    return dict(counts)


def to_json(plan: Plan, *, written: int | None) -> bytes:
    """One JSON object with everything in the plan; ``written`` files, None for a dry run."""
    body: dict[str, Any] = {
        "source": plan.source,
        "version": plan.version,
        "written": written,
        "counts": {**counts_of(plan), "confirmed": len(plan.agreed)},
        "changes": [_change(change) for change in plan.changes],
        "disagreements": plan.disagreements,
        "review": plan.review,
        "variants": plan.variants,
        "left_out": plan.left_out,
        "unlisted": plan.unlisted,
        "notes": plan.notes,
    }
    return msgspec.json.encode(body)


def _change(change: RecordChange) -> dict[str, Any]:
    action = "added" if change.old is None else "removed" if change.new is None else "changed"
    fields = {
        field: [as_json(value_of(change.old, field)), as_json(value_of(change.new, field))]
        for field in change.fields
    }
    return {"kind": change.kind, "id": change.id, "action": action, "fields": fields}


def review_lines(plan: Plan) -> Iterator[str]:
    """The review list as JSON, one doubt a line, the most frequent stems together."""
    for one in sorted(plan.review, key=lambda d: (d.kind, d.name.lower(), d.provider)):
        yield msgspec.json.encode(one).decode()
