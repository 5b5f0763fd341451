"""What the prober counts of itself, for metrics and for the line that it logs when it stops."""

from collections import Counter

from msgspec import Struct, field


class ProberCounters(Struct, kw_only=True):
    """Counts since the prober was started, and a few states of the moment."""

    probes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind (health, latency) and outcome; those that were not believed are among them."""
    running: int = 0
    """How many are under way now."""
    skipped: int = 0
    """Turns that were given up for being late, or because the one before still ran."""
    unkeyed: int = 0
    """Latency probes not made because there was no key."""
    over_budget: int = 0
    """Latency probes not made because the day's limit or budget was used up."""
    unreserved: int = 0
    """Latency probes not made because the ledger did not answer."""
    exhausted: int = 0
    """Probes given up because this machine had no socket, thread or memory left for them."""
    failed: int = 0
    """Probes that ended in a fault of this program."""
    offline: bool = False
    """Whether the prober itself is offline now."""
    offline_dropped: int = 0
    """Failed results that were not believed, because the prober itself was offline."""
    queued: int = 0
    """Results that wait to be written."""
    written: int = 0
    """Results that were written."""
    dropped: int = 0
    """Results that were lost: the oldest, when too many waited, and those that waited at the very end."""
    write_failures: int = 0
    """How often a write failed."""

    @property
    def total(self) -> int:
        """Probes of either kind, whatever came of them."""
        return self.probes.total()
