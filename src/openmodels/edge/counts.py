"""How requests were answered: plain numbers, for whoever watches."""

from collections import defaultdict


class Counts:
    """Answers by status, one table for each way in which an answer comes about."""

    __slots__ = ("agents", "edge", "made", "ready", "shared", "streamed")

    def __init__(self) -> None:
        self.ready: defaultdict[int, int] = defaultdict(int)
        """From the cache of ready answers."""
        self.made: defaultdict[int, int] = defaultdict(int)
        """By the framework, since none was ready."""
        self.shared: defaultdict[int, int] = defaultdict(int)
        """From what another process made."""
        self.streamed: defaultdict[int, int] = defaultdict(int)
        """Streams that were begun."""
        self.agents: defaultdict[int, int] = defaultdict(int)
        """By the door for agents."""
        self.edge: defaultdict[int, int] = defaultdict(int)
        """By the edge alone: refused, redirected, preflights."""
