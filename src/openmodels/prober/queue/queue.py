"""The queue itself: procrastinate's jobs and workers, over a pool of connections of their own.

Each region has two queues: one of probes, and one of probes that were slow the last time, which have half of
the places at most. What is planned and due goes by the database's clock alone. Nobody listens for new jobs:
they are planned ahead, so that a worker must look for what has become due anyway; and so it works behind a
pooler, where LISTEN does not.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

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

PROBE = "openmodels:probe"
CONNECTIONS = 4
"""Connections that one process keeps for the queue: each is in use for a millisecond at a time."""
STATEMENT_SECONDS = 10.0
"""How long one statement may take."""
IDLE_SECONDS = 30.0
"""How long a transaction may stand still: then the server ends it. Without this, a machine that vanished
within one would keep its locks for as long as TCP keeps a connection: for hours."""
FORGOTTEN_AFTER = timedelta(days=2)
"""After so long a turn in the queue is late by more than any interval."""
AT_ONCE = 1_000
"""Jobs that one statement puts into the queue."""

Take = Callable[[QueuedTurn, bool], Awaitable[None]]
"""Takes a turn; whether another may have done so before."""
Failures = (ProcrastinateException, Error, OSError, TimeoutError)
"""What is raised when the database fails."""


class Rescued(NamedTuple):
    """What was done with turns that nobody else would see to."""

    taken_up: int
    """So many had been begun by workers that died, and are free for others."""
    late: int
    """So many were in the queue until they were too late."""


class Planning:
    """A region's plan, which nobody else changes meanwhile."""

    def __init__(self, manager: JobManager, connection: AsyncConnection[Any], region: str) -> None:
        self._manager = manager
        self._connection = connection
        self._region = region
        self.until: float | None = None
        """Up to when turns were planned, in seconds since 1970; None before the first time."""
        self.now = 0.0
        """When this was read, in seconds since 1970, by the database's clock: the one that all share."""
        self.others = False
        """Whether somebody else plans at this moment; then nothing else of this is known."""

    async def begin(self) -> None:
        """Read how far those came who planned before."""
        await _bound_idling(self._connection)
        rows = await self._connection.execute(
            "SELECT planned_until, extract(epoch FROM clock_timestamp())::float8 FROM probe_plans"
            " WHERE region = %s FOR UPDATE SKIP LOCKED",
            (self._region,),
        )
        row = await rows.fetchone()
        self.others = row is None
        if row is not None:
            self.until = row[0] / 1_000_000 if row[0] else None
            self.now = row[1]

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
        async with self._pool.connection() as connection:
            # Before the transaction: others would wait for the end of one that puts the row there.
            await connection.execute(
                "INSERT INTO probe_plans VALUES (%s, 0) ON CONFLICT DO NOTHING", (self._region,)
            )
            async with connection.transaction():
                planning = Planning(self._manager, connection, self._region)
                await planning.begin()
                yield planning

    async def work(
        self,
        take: Take,
        plan: Callable[[], Awaitable[None]],
        *,
        late: Callable[[int], None],
        concurrency: int,
        clock: Clock,
    ) -> None:
        """Give out turns to ``take`` and let ``plan`` plan them, until cancelled or until the database fails.

        ``late`` is told how many turns were dropped that nobody had a place for in time. Raises one of
        ``Failures``.
        """
        self._register(take)
        probes, slow = queues_of(self._region)
        parts = [
            asyncio.create_task(self._work_on(probes, concurrency)),
            asyncio.create_task(self._work_on(slow, max(1, concurrency // 2))),
            asyncio.create_task(self._plan_always(plan, clock)),
            asyncio.create_task(self._rescue_always(late, clock)),
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

    async def rescue(self) -> Rescued:
        """Take what dead workers had begun from them, for others to take up, and drop what is too late.

        And forget what nobody took within days, as when all of a region's probers ended for good. Raises one
        of ``Failures``.
        """
        taken_up = 0
        queues = queues_of(self._region)
        async with self._pool.connection() as connection, connection.transaction():
            await _bound_idling(connection)
            # One at a time: another who had listed the same jobs would take them from who took them up.
            locked = await connection.execute(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (f"{PROBE} {self._region}",)
            )
            row = await locked.fetchone()
            if row is None or not row[0]:
                return Rescued(0, 0)
            for queue in queues:
                for job in await self._manager.get_stalled_jobs(
                    queue=queue, seconds_since_heartbeat=self._pace.stalled
                ):
                    await self._manager.retry_job(job, retry_at=_due(job))
                    taken_up += 1
            # Without this, the queue would grow for as long as results cannot be written.
            late = await connection.execute(
                "DELETE FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %s"
                " AND queue_name = ANY(%s)"
                " AND (args->>'slot')::float8 / 1000000 + (args->>'interval')::float8"
                " < extract(epoch FROM clock_timestamp())::float8",
                (PROBE, list(queues)),
            )
            await connection.execute(
                "DELETE FROM procrastinate_jobs WHERE task_name = %s AND scheduled_at < now() - %s",
                (PROBE, FORGOTTEN_AFTER),
            )
        return Rescued(taken_up, late.rowcount)

    async def _plan_always(self, plan: Callable[[], Awaitable[None]], clock: Clock) -> None:
        """Have it planned at once, and then by time that passes: no clock that is set delays it."""
        while True:
            try:
                await plan()
            except Failures:
                raise
            except Exception:
                log.exception("the turns of this region could not be planned", region=self._region)
            await clock.sleep(self._pace.plan)

    async def _rescue_always(self, late: Callable[[int], None], clock: Clock) -> None:
        while True:
            await clock.sleep(self._pace.rescue)
            rescued = await self.rescue()
            late(rescued.late)
            if rescued.taken_up:
                log.info("took up what a worker that died had begun", probes=rescued.taken_up)

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

    def _register(self, take: Take) -> None:
        @self._app.task(name=PROBE, pass_context=True, retry=_GiveBack())
        async def probe(context: JobContext, /, **fields: Any) -> None:
            await take(QueuedTurn(**fields), context.job.attempts > 0)

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


def queues_of(region: str) -> tuple[str, str]:
    """The names of a region's queues: probes, slow probes."""
    return f"probes:{region}", f"slow:{region}"


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


def _due(job: Job) -> datetime:
    """When a job that is given back may begin: as before, since only the database says what time it is."""
    return job.scheduled_at or datetime.fromtimestamp(0, UTC)


async def _bound_idling(connection: AsyncConnection[Any]) -> None:
    """Have the server end this transaction should we vanish; to be called within it."""
    await connection.execute(
        "SELECT set_config('idle_in_transaction_session_timeout', %s, true)",
        (str(round(IDLE_SECONDS * 1000)),),
    )


async def _bound(connection: AsyncConnection[Any]) -> None:
    if isinstance(connection, BoundedConnection):
        connection.limit = STATEMENT_SECONDS


class _GiveBack(BaseRetryStrategy):
    """Gives a turn back to the queue that was dropped when the process was told to end."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """At once where the job was cancelled; else never."""
        cancelled = isinstance(exception, asyncio.CancelledError)
        return RetryDecision(retry_at=_due(job)) if cancelled else None


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
