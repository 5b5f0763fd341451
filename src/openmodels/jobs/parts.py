"""What works in the background: parts, each until it is cancelled, and none at the cost of the others."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from openmodels.clock import Clock

log: Any = structlog.get_logger(__name__)

RESTART_SECONDS = 60.0
"""How long after a fault a part is begun again."""


class Part(Protocol):
    """Something that works until it is cancelled, and may be begun again after that."""

    async def run(self) -> None:
        """Work until cancelled."""
        ...


class Parts:
    """Several parts as one. One that fails is logged and begun again; the others go on."""

    def __init__(self, parts: Mapping[str, Part], clock: Clock) -> None:
        self._parts = parts
        self._clock = clock

    async def run(self) -> None:
        """Work until cancelled, or until every part has ended by itself."""
        async with asyncio.TaskGroup() as running:
            for name, part in self._parts.items():
                running.create_task(self._keep_going(name, part), name=name)

    async def _keep_going(self, name: str, part: Part) -> None:
        while True:
            try:
                await part.run()
            except Exception:
                # Each part handles what it foresees. Without this, what it does not would end all work.
                log.exception("a part of the background work failed", part=name, again_in=RESTART_SECONDS)
            else:
                return
            await self._clock.sleep(RESTART_SECONDS)
