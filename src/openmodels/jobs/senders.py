"""What a destination of alerts does, whatever its kind."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from msgspec import Struct

from openmodels.domain.alerts import Alert


class Answer(Struct, frozen=True, kw_only=True):
    """What came of one attempt."""

    ok: bool
    """Whether the destination has it."""
    detail: str
    """In our own words, for the delivery log: nothing of an address, a key or what the other side wrote."""
    final: bool = False
    """Whether it is of no use to try again."""
    retry_after: timedelta | None = None
    """How long the other side asked to wait."""


class Sender(Protocol):
    """One destination. Its ``repr`` and its answers hold no secret."""

    async def send(self, alert: Alert, *, delivery_id: str, now: datetime) -> Answer:
        """Try once to tell it, within a deadline of its own. Raises nothing but on cancellation.

        ``delivery_id`` is the same at every attempt; ``now`` is the wall-clock time.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Joining(Sender, Protocol):
    """A destination that people read, and that can therefore tell many alerts in one message."""

    async def send_together(self, alerts: Sequence[Alert]) -> Answer:
        """Try once to tell all of these, as ``Sender.send`` does."""
        ...
