"""How often everything about the queue is looked at."""

from msgspec import Struct


class Pace(Struct, frozen=True, kw_only=True):
    """Times in seconds. The defaults fit intervals from 10 seconds, the smallest that a setting can have."""

    plan: float = 5.0
    """How often each process looks whether turns are to be planned."""
    ahead: float = 10.0
    """How far ahead turns are planned: so much that one plan may fail without any turn coming late."""
    poll: float = 0.5
    """How often a worker looks for what has become due: half of how late a probe may begin."""
    heartbeat: float = 5.0
    """How often a worker says that it lives."""
    stalled: float = 15.0
    """After so long without a word it counts as dead, and others take up what it had begun."""
    rescue: float = 5.0
    """How often each process looks whether another one died."""
    flush: float = 0.25
    """How long a result waits for others to be written with: its job, and so its place, waits as long."""
    grace: float = 2.0
    """How long probes under way may take to end when the process is told to."""
    first_pause: float = 0.5
    """How long to wait before the database is tried again; then twice as long each time,"""
    longest_pause: float = 5.0
    """up to this."""
