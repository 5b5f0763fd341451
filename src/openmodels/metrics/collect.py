"""Collects the figures of the running program as Prometheus metric families.

Nothing is counted here: the parts of the program keep plain numbers, which are read when somebody scrapes.
Names follow https://prometheus.io/docs/practices/naming/.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, NamedTuple

import structlog
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from openmodels.errors import StoreError

log: Any = structlog.get_logger(__name__)

Collect = Callable[[], Iterable[Metric]]
"""Gives metric families, made new each time; called in the event loop, so it must be quick."""
Question = Callable[[], Awaitable[Iterable[Metric]]]
"""Gives metric families for which something is asked that may not answer. Raises ``StoreError``."""

READ_SECONDS = 1.0
"""The longest that what is asked may take to answer, before its figures are left out."""


class Metrics:
    """All figures of one process, in a registry of their own; those of the process itself to begin with."""

    def __init__(self, version: str) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._questions: list[tuple[str, Question, Collect]] = []
        self._scraping = asyncio.Lock()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self.add(lambda: _build(version))

    def add(self, collect: Collect) -> None:
        """Collect these families as well. One that fails is logged and left out."""
        self._registry.register(_Collected(collect))

    def ask(self, name: str, question: Question, *, unanswered: Collect = tuple) -> None:
        """Collect these families as well, asked for within ``READ_SECONDS``; all questions go side by side.

        Where no answer comes, that is logged with ``name``, and ``unanswered`` gives what is shown instead.
        """
        self._questions.append((name, question, unanswered))

    async def text(self) -> bytes:
        """Everything in the text format of Prometheus, 0.0.4. Raises nothing."""
        async with self._scraping:
            families = [*self._registry.collect()]
            for answer in await asyncio.gather(*(_answer(*asked) for asked in self._questions)):
                families += answer
            # In a thread, so that requests go on being answered: thousands of providers take a while.
            return await asyncio.to_thread(generate_latest, _Families(families))


async def _answer(name: str, question: Question, unanswered: Collect) -> list[Metric]:
    try:
        async with asyncio.timeout(READ_SECONDS):
            return list(await question())
    except TimeoutError:
        log.warning("metrics are not whole", without=name, reason=f"no answer within {READ_SECONDS:g} s")
    except StoreError as error:
        log.warning("metrics are not whole", without=name, reason=str(error))
    except Exception:
        # Without this, one part's mistake would take all other figures with it.
        log.exception("metrics are not whole", without=name)
    return list(unanswered())


class _Collected(Collector):
    """A function as a collector."""

    def __init__(self, collect: Collect) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        """The families; none when the function fails."""
        try:
            return list(self._collect())
        except Exception:
            # Without this, one part's mistake would take all other figures with it.
            log.exception("collecting metrics failed")
            return []


class _Families(Collector):
    """Families that are collected already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """The families."""
        return self._families


class Figure(NamedTuple):
    """A metric that has one value."""

    name: str
    help: str
    value: float


def gauges(*figures: Figure) -> Iterator[Metric]:
    """Each as a gauge."""
    for figure in figures:
        yield GaugeMetricFamily(figure.name, figure.help, value=figure.value)


def counters(*figures: Figure) -> Iterator[Metric]:
    """Each as a counter."""
    for figure in figures:
        yield CounterMetricFamily(figure.name, figure.help, value=figure.value)


def _build(version: str) -> Iterator[Metric]:
    yield InfoMetricFamily("openmodels_build", "The program's version.", value={"version": version})
