"""When each frame is due."""

import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from openmodels.fake.behaviour import Behaviour
from openmodels.fake.styles.style import Frame, Stage


class Timed(NamedTuple):
    """A frame and when it is due, in seconds from the arrival of the request."""

    at: float
    frame: Frame


class Pace:
    """The times of one answer, drawn when the request comes."""

    def __init__(self, behaviour: Behaviour, dice: random.Random) -> None:
        self._jitter = behaviour.jitter
        self._dice = dice
        self._gap = 1 / behaviour.tokens_per_second
        self.headers = self._delay(behaviour.headers_ms / 1000)
        """When the head is sent."""
        self.first = max(self.headers, self._delay(behaviour.ttft_ms / 1000))
        """When the first token is sent."""

    def timed(self, frames: Iterable[Frame], waiting: int) -> Iterator[Timed]:
        """The frames with their times; ``waiting`` of them come between the head and the first token."""
        waited = 0
        due = self.first
        for frame in frames:
            if frame.stage is Stage.OPEN:
                yield Timed(self.headers, frame)
            elif frame.stage is Stage.WAIT:
                waited += 1
                share = waited / (waiting + 1)
                yield Timed(self.headers + (self.first - self.headers) * share, frame)
            else:
                yield Timed(due, frame)
                if frame.stage in {Stage.THOUGHT, Stage.CONTENT}:
                    due += self._delay(self._gap)

    def whole(self, tokens: int) -> float:
        """When an answer of so many tokens is sent that is not streamed."""
        return self.first + tokens * self._gap

    def _delay(self, seconds: float) -> float:
        if not self._jitter:
            return seconds
        return seconds * (1 + self._dice.uniform(-self._jitter, self._jitter))
