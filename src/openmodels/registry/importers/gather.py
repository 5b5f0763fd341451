"""What an importer collects: observations, and in a few lines what it had to leave out."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar

from openmodels.domain.faults import visible
from openmodels.domain.observation import Observation, Reading, Subject, Value
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers.values import Unusable

MAX_SUBJECTS = 200_000
MAX_NOTES = 40
MAX_REASONS = 1000
EXAMPLES = 3
MAX_WORDS = 100

V = TypeVar("V")
S = TypeVar("S", bound=Value)


class Gathering:
    """The observations of one reading, in the order of the source, and its notes."""

    def __init__(self) -> None:
        self._observations: list[Observation] = []
        self._seen: set[Subject] = set()
        self._left_out: dict[str, list[str]] = {}
        self._unused: set[tuple[Subject, str]] = set()
        self._counts: dict[str, int] = {}

    def begins(self, subject: Subject) -> bool:
        """Whether this subject comes for the first time; one that comes again is left out and noted."""
        if subject in self._seen:
            self.leave_out("listed twice; the first one is taken", shown(subject))
            return False
        if len(self._seen) >= MAX_SUBJECTS:
            raise SourceUnreadable(f"the document lists more than {MAX_SUBJECTS:,} models and providers")
        self._seen.add(subject)
        return True

    def say(self, subject: Subject, field: str, value: Value) -> None:
        """Observe a value that is in our words already."""
        self._observations.append(Observation(subject, field, value))

    def take(self, subject: Subject, field: str, convert: Callable[[object], S], raw: object) -> S | None:
        """Observe what ``convert`` makes of ``raw``; nothing where the source says nothing (None).

        What cannot be used is noted, and None comes back.
        """
        value = self.read(subject, field, convert, raw)
        if value is not None:
            self.say(subject, field, value)
        return value

    def read(self, subject: Subject, field: str, convert: Callable[[object], V], raw: object) -> V | None:
        """As ``take``, without observing."""
        if raw is None:
            return None
        try:
            return convert(raw)
        except Unusable as unusable:
            self.leave_out(f"{field}: {unusable}", shown(subject))
            self._unused.add((subject, field))
            return None

    def unusable(self, why: str, subject: Subject, field: str) -> None:
        """Note that what the source says of a field was not used: what was known of it before stays."""
        self.leave_out(why, shown(subject))
        self._unused.add((subject, field))

    def leave_out(self, why: str, example: str) -> None:
        """Note that something was not used. Both texts may hold words of the source's."""
        why = _bounded(why)
        if why not in self._counts and len(self._counts) >= MAX_REASONS:
            why = "for more reasons than can be told"
        self._counts[why] = self._counts.get(why, 0) + 1
        examples = self._left_out.setdefault(why, [])
        if len(examples) < EXAMPLES:
            examples.append(_bounded(example))

    def observed(self) -> tuple[Observation, ...]:
        """What was observed so far."""
        return tuple(self._observations)

    def notes(self) -> tuple[str, ...]:
        """A line for each reason, the commonest first; at most 40."""
        reasons = sorted(self._counts, key=lambda why: -self._counts[why])
        lines = [self._note(why) for why in reasons[:MAX_NOTES]]
        if len(reasons) > MAX_NOTES:
            rest = sum(self._counts[why] for why in reasons[MAX_NOTES:])
            lines.append(f"and {rest:,} more, for {len(reasons) - MAX_NOTES:,} other reasons")
        return tuple(lines)

    def reading(
        self,
        *,
        source: str,
        name: str,
        url: str | None,
        version: str,
        observed_at: datetime,
    ) -> Reading:
        """What was gathered, as what one version of a source says."""
        return Reading(
            source=source,
            source_name=name,
            source_url=url,
            source_version=version,
            observed_at=observed_at.astimezone(UTC),
            observations=self.observed(),
            left_out=frozenset(self._unused),
            notes=self.notes(),
        )

    def _note(self, why: str) -> str:
        count, examples = self._counts[why], self._left_out[why]
        more = f" and {count - len(examples):,} more" if count > len(examples) else ""
        return f"{count:,} left out, {why}: {', '.join(examples)}{more}"


def _bounded(words: str) -> str:
    return visible(words[:MAX_WORDS])[:MAX_WORDS]


def shown(subject: Subject) -> str:
    """A subject in few words."""
    return "/".join(part for part in (subject.provider, subject.name) if part)


def digest(document: bytes) -> str:
    """The version of a document that has none of its own: 12 hexadecimal digits of its SHA-256."""
    return sha256(document).hexdigest()[:12]


def first(*values: V | None) -> V | None:
    """The first value that the source gives at all."""
    return next((value for value in values if value is not None), None)


def joined(*groups: Sequence[str]) -> tuple[str, ...]:
    """The items of all groups in their order, each once."""
    return tuple(dict.fromkeys(item for group in groups for item in group))
