"""A worker of the queue whose probes take no time: ``python -m bench.apps.queue_worker``.

Its settings come from the environment, as ever. It says when it is ready, and ends when standard input does.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime

import uvloop

from openmodels.clock import SystemClock
from openmodels.domain.telemetry import Check, Measurement
from openmodels.opening import open_stores
from openmodels.prober.keys import FixedKeys
from openmodels.prober.queue.assemble import QueueStores, assemble_queue_prober
from openmodels.prober.target import Completion, Probed, Target
from openmodels.settings import read_settings
from openmodels.store.cluster import SqlClusterStore
from openmodels.store.live import Live

READY = "ready"


class Instant:
    """Has every answer at once."""

    def __init__(self, region: str) -> None:
        self._region = region

    async def check(self, target: Target) -> Probed[Check]:
        """It is up."""
        return Probed(
            record=Check(
                provider_id=target.provider_id,
                region=self._region,
                checked_at=datetime.now(UTC),
                status="up",
                outcome="ok",
                response_time_ms=100.0,
                connect_ms=10.0,
                http_status=200,
            )
        )

    async def measure(self, target: Target, completion: Completion) -> Probed[Measurement]:
        """It is fast."""
        return Probed(
            record=Measurement(
                provider_id=target.provider_id,
                model_id=completion.model_id,
                region=self._region,
                measured_at=datetime.now(UTC),
                outcome="ok",
                time_to_first_token_ms=100.0,
                total_response_time_ms=500.0,
                tokens_per_second=50.0,
                output_tokens=20,
            )
        )


async def main() -> None:
    """Take probes until standard input ends."""
    settings = read_settings(os.environ)
    async with open_stores(settings) as stores:
        live = Live(stores.registry, stores.telemetry)
        await live.start()
        prober = assemble_queue_prober(
            settings,
            lambda: live.snapshot,
            QueueStores(
                url=stores.engine.url,
                turns=stores.telemetry,
                spending=stores.spending,
                cluster=SqlClusterStore(stores.engine),
            ),
            clock=SystemClock(),
            keys=FixedKeys(),
            client=Instant(settings.region),
        )
        running = asyncio.create_task(prober.run())
        print(READY, flush=True)
        try:
            await asyncio.to_thread(sys.stdin.read)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


if __name__ == "__main__":
    uvloop.run(main())
