"""The queue itself: procrastinate's jobs and workers, over a pool of connections of their own.

Each region has three queues: one of the jobs that plan, one of probes, and one of probes that were slow the
last time, which have half of the places at most. Nobody listens for new jobs: they are planned ahead, so that
a worker must look for what has become due anyway; and so it works behind a pooler, where LISTEN does not.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from msgspec.structs import asdict
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import ConnectorException, ProcrastinateException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from psycopg import AsyncConnection, Error
from psycopg.errors import RaiseException
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.engine import URL

from openmodels.clock import Clock
from openmodels.prober.queue.pace import Pace
from openmodels.prober.queue.taker import QueuedTurn
from openmodels.prober.queue.timetable import PlannedTurn
from openmodels.store.postgresql import BoundedConnection

log: Any = structlog.get_logger(__name__)

PROBE, PLAN = "openmodels:probe", "openmodels:plan"
CONNECTIONS = 4
"""Connections that one process keeps for the queue: each is in use for a millisecond at a time."""
STATEMENT_SECONDS = 10.0
"""How long one statement may take."""
FORGOTTEN_AFTER = timedelta(days=2)
"""After so long a turn in the queue is late by more than any interval."""
AT_ONCE = 1_000
"""Jobs that one statement puts into the queue."""

Take = Callable[[QueuedTurn, bool], Awaitable[None]]
"""Takes a turn; whether another may have done so before."""
Failures = (ProcrastinateException, Error, OSError, TimeoutError)
"""What is raised when the database fails."""


class Planning:
    """A region's plan, which nobody else changes meanwhile."""

    def __init__(self, manager: JobManager, connection: AsyncConnection[Any], region: str) -> None:
        self._manager = manager
        self._connection = connection
        self._region = region
        self.until: float | None = None
        """Up to when turns were planned, in seconds since 1970; None before the first time."""

    async def begin(self) -> None:
        """Wait for others who plan, and read how far they came."""
        await self._connection.execute(
            "INSERT INTO probe_plans VALUES (%s, 0) ON CONFLICT DO NOTHING", (self._region,)
        )
        rows = await self._connection.execute(
            "SELECT planned_until FROM probe_plans WHERE region = %s FOR UPDATE", (self._region,)
        )
        row = await rows.fetchone()
        self.until = row[0] / 1_000_000 if row and row[0] else None

    async def put(self, turns: Sequence[PlannedTurn], *, slow: Callable[[PlannedTurn], bool]) -> None:
        """Put these into the queue, those that are ``slow`` into the one for slow ones."""
        jobs = [_job_of(turn, self._region, slow=slow(turn)) for turn in turns]
        for start in range(0, len(jobs), AT_ONCE):
            await self._manager.batch_defer_jobs_async(
                jobs[start : start + AT_ONCE], connection=self._connection
            )

    async def done(self, until: float) -> None:
        """All turns up to then are planned."""
        await self._connection.execute(
            "UPDATE probe_plans SET planned_until = %s WHERE region = %s",
            (round(until * 1_000_000), self._region),
        )


class ProbeQueue:
    """One region's jobs, as long as the database stays."""

    def __init__(
        self, pool: AsyncConnectionPool[AsyncConnection[Any]], app: App, region: str, pace: Pace
    ) -> None:
        self._pool = pool
        self._app = app
        self._region = region
        self._pace = pace
        self._manager = app.job_manager = _Manager(app.connector, self._fail)
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def planning(self) -> AsyncIterator[Planning]:
        """The region's plan, in a transaction. Raises one of ``Failures``."""
        async with self._pool.connection() as connection, connection.transaction():
            planning = Planning(self._manager, connection, self._region)
            await planning.begin()
            yield planning

    async def work(
        self, take: Take, plan: Callable[[], Awaitable[None]], *, concurrency: int, clock: Clock
    ) -> None:
        """Give out turns to ``take`` and let ``plan`` plan them, until cancelled or until the database fails.

        Raises one of ``Failures``.
        """
        self._register(take, plan)
        probes, slow, plans = queues_of(self._region)
        parts = [
            asyncio.create_task(self._work_on(probes, concurrency)),
            asyncio.create_task(self._work_on(slow, max(1, concurrency // 2))),
            asyncio.create_task(self._work_on(plans, 1)),
            asyncio.create_task(self._rescue_always(clock)),
        ]
        try:
            await asyncio.wait([*parts, self._failed], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            ended = await asyncio.gather(*parts, return_exceptions=True)
        for end in ended:
            if isinstance(end, Exception):
                raise end
        if self._failed.done():
            self._failed.result()

    async def rescue(self) -> int:
        """Take what dead workers had begun from them, for others to take up; how many probes it was.

        And forget what nobody took within days, as when all of a region's probers ended for good. Raises one
        of ``Failures``.
        """
        rescued = 0
        async with self._pool.connection() as connection, connection.transaction():
            # One at a time: another who had listed the same jobs would take them from who took them up.
            locked = await connection.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (f"{PROBE} {self._region}",)
            )
            row = await locked.fetchone()
            if row is None or not row[0]:
                return 0
            for queue in queues_of(self._region):
                for job in await self._manager.get_stalled_jobs(
                    queue=queue, seconds_since_heartbeat=self._pace.stalled
                ):
                    rescued += job.task_name == PROBE
                    await self._free(job)
            await connection.execute(
                "DELETE FROM procrastinate_jobs WHERE task_name = %s AND scheduled_at < now() - %s",
                (PROBE, FORGOTTEN_AFTER),
            )
        return rescued

    async def _free(self, job: Job) -> None:
        if job.task_name == PLAN:
            # The next one plans what it did not.
            await self._manager.finish_job(job, Status.ABORTED, delete_job=True)
        else:
            await self._manager.retry_job(job, retry_at=datetime.now(UTC))

    async def _rescue_always(self, clock: Clock) -> None:
        while True:
            await clock.sleep(self._pace.rescue)
            rescued = await self.rescue()
            if rescued:
                log.info("took up what a worker that died had begun", probes=rescued)

    async def _work_on(self, queue: str, concurrency: int) -> None:
        """One of procrastinate's workers, until cancelled; it ends by itself when the database fails."""
        await self._app.run_worker_async(
            queues=[queue],
            name=queue,
            concurrency=concurrency,
            fetch_job_polling_interval=self._pace.poll,
            # Nobody asks for a job to be aborted.
            abort_job_polling_interval=3600.0,
            shutdown_graceful_timeout=self._pace.grace,
            listen_notify=False,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=self._pace.heartbeat,
            stalled_worker_timeout=self._pace.stalled,
        )

    def _register(self, take: Take, plan: Callable[[], Awaitable[None]]) -> None:
        @self._app.task(name=PROBE, pass_context=True, retry=_GiveBack())
        async def probe(context: JobContext, /, **fields: Any) -> None:
            await take(QueuedTurn(**fields), context.job.attempts > 0)

        @self._app.periodic(cron=f"* * * * * */{self._pace.plan}", periodic_id=self._region)
        @self._app.task(name=PLAN, queue=queues_of(self._region)[2], queueing_lock=f"plan:{self._region}")
        async def plan_turns(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's
            try:
                await plan()
            except Failures as error:
                self._fail(error)
            except Exception:
                log.exception("the turns of this region could not be planned", region=self._region)

    def _fail(self, error: BaseException) -> None:
        """End ``work``: what a worker holds that could not be ended is free once the worker is gone."""
        if not self._failed.done():
            self._failed.set_exception(error)
            # Without this, a fault in the very end would be reported as never looked at.
            self._failed.exception()


@asynccontextmanager
async def open_queue(url: URL, region: str, pace: Pace) -> AsyncIterator[ProbeQueue]:
    """The queue in the database at ``url``. Raises one of ``Failures``."""
    dialect: Any = PGDialectAsync_psycopg()  # type: ignore[no-untyped-call]  # of the library
    _, given = dialect.create_connect_args(url)
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        kwargs={
            "connect_timeout": 5,
            "application_name": "openmodels probes",
            **given,
            # Each of the queue's statements is a transaction; prepared ones would not survive a pooler.
            "autocommit": True,
            "prepare_threshold": None,
        },
        connection_class=BoundedConnection,
        configure=_bound,
        min_size=1,
        max_size=CONNECTIONS,
        timeout=STATEMENT_SECONDS / 2,
        open=False,
        name=f"probes of {region}",
    )
    try:
        await pool.open(wait=True, timeout=STATEMENT_SECONDS / 2)
        app = App(connector=PsycopgConnector())
        await app.open_async(pool)
        yield ProbeQueue(pool, app, region, pace)
    finally:
        with suppress(*Failures):
            await pool.close(timeout=1)


def queues_of(region: str) -> tuple[str, str, str]:
    """The names of a region's queues: probes, slow probes, plans."""
    return f"probes:{region}", f"slow:{region}", f"plan:{region}"


def _job_of(turn: PlannedTurn, region: str, *, slow: bool) -> Job:
    queued = QueuedTurn(
        kind=turn.job.kind,
        provider_id=turn.job.provider_id,
        number=turn.number,
        slot=round(turn.due * 1_000_000),
        interval=turn.interval,
    )
    return Job(
        queue=queues_of(region)[slow],
        task_name=PROBE,
        task_kwargs=asdict(queued),
        # With one, fetching a job takes time by the square of how many wait, until the server has looked at
        # the table again (ANALYZE): 270 ms at 2,000.
        lock=None,
        queueing_lock=None,
        scheduled_at=datetime.fromtimestamp(turn.start, UTC),
    )


async def _bound(connection: AsyncConnection[Any]) -> None:
    if isinstance(connection, BoundedConnection):
        connection.limit = STATEMENT_SECONDS


class _GiveBack(BaseRetryStrategy):
    """Gives a turn back to the queue that was dropped when the process was told to end."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:  # noqa: ARG002 - procrastinate's
        """At once where the job was cancelled; else never."""
        cancelled = isinstance(exception, asyncio.CancelledError)
        return RetryDecision(retry_at=datetime.now(UTC)) if cancelled else None


class _Manager(JobManager):
    """Lets a job end also where that cannot be written down: then the worker has to end as well.

    Without this, each such job would leave a traceback, and be held for ever by a worker that lives.
    """

    def __init__(self, connector: Any, fail: Callable[[BaseException], None]) -> None:
        super().__init__(connector)
        self._fail = fail
        self._away = False

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Note that a job ended."""
        await self._try(super().finish_job(job=job, status=status, delete_job=delete_job))

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Give a job back."""
        await self._try(
            super().retry_job(job=job, retry_at=retry_at, priority=priority, queue=queue, lock=lock)
        )

    async def _try(self, asked: Any) -> None:
        if self._away:
            # The others that end now would each wait for a connection that does not come.
            asked.close()
            return
        try:
            await asked
        except ConnectorException as error:
            if isinstance(error.__cause__, RaiseException):
                return  # another has it by now, or has ended it
            self._away = True
            self._fail(error)
