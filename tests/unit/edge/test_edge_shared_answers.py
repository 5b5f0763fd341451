"""Sharing answers, over a shelf in memory and a framework that answers what the test says."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from fixtures.catalogue import catalogue
from fixtures.service import Service, start_service
from openmodels.edge.asgi import Message, Receive, Scope, Send
from openmodels.edge.exchange import FRESHNESS, PARTIAL, SHARED, TELEMETRY_SECONDS, Freshness, Shared
from openmodels.edge.shared_answers import (
    MOST_BYTES,
    MOST_LOOKS,
    MOST_WAITING,
    SharedAnswer,
    SharedAnswers,
)
from openmodels.store.shelf import Left, MemoryShelf

pytestmark = pytest.mark.anyio

PATH = "/shared"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Framework:
    """An application that counts who asks, and answers once it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.begun = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()
        self.status = 200
        self.body = b"{}"
        self.freshness = Freshness.TELEMETRY
        self.partial = False
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.asked += 1
        self.begun.set()
        await self.answers.wait()
        if self.meanwhile is not None:
            await self.meanwhile()
        scope[FRESHNESS] = self.freshness
        if self.partial:
            scope[PARTIAL] = True
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await send({"type": "http.response.body", "body": b"!"})


class Node:
    """A framework whose answers are shared."""

    def __init__(self, service: Service, shelf: MemoryShelf) -> None:
        self.framework = Framework()
        self.shared = SharedAnswers(
            self.framework,
            shelf,
            service.live,
            service.clock,
            covers=lambda path: path.startswith(PATH.encode()),
            variant="",
        )

    async def get(self, path: str = PATH) -> tuple[int, bytes, Shared | None]:
        """Status, body, and what the edge is told."""
        scope: Scope = {"type": "http", "raw_path": path.encode(), "path": path, "query_string": b"a=1"}
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.shared(scope, receive, send)
        return sent[0]["status"], b"".join(part["body"] for part in sent[1:]), scope.get(SHARED)


async def two_nodes() -> tuple[Node, Node, MemoryShelf, Service]:
    service = await start_service()
    shelf = MemoryShelf(service.clock)
    return Node(service, shelf), Node(service, shelf), shelf, service


async def test_it_sends_what_another_made() -> None:
    one, other, _, service = await two_nodes()
    now = int(service.clock.unix())
    assert await one.get() == (200, b"{}!", Shared(found=False, modified=now, seconds=TELEMETRY_SECONDS))
    await one.shared.left()
    service.clock.advance(seconds=4)
    found = Shared(found=True, modified=now, seconds=TELEMETRY_SECONDS - 4)
    assert await other.get() == (200, b"{}!", found)
    assert other.framework.asked == 0
    service.clock.advance(seconds=6)
    await other.get()
    assert other.framework.asked == 1


async def test_it_passes_on_what_it_does_not_cover() -> None:
    one, _, shelf, _ = await two_nodes()
    for _ in range(2):
        assert await one.get("/other") == (200, b"{}!", None)
    await one.shared.left()
    assert shelf._values == {}


async def test_it_leaves_no_error_nothing_partial_and_nothing_of_the_registry() -> None:
    one, _, shelf, _ = await two_nodes()
    one.framework.status = 404
    assert await one.get() == (404, b"{}!", None)
    one.framework.status = 200
    one.framework.freshness = Freshness.REVISION
    await one.get()
    one.framework.freshness = Freshness.TELEMETRY
    one.framework.partial = True
    await one.get()
    await one.shared.left()
    assert one.framework.asked == 3
    assert shelf._values == {}


async def test_it_leaves_nothing_large() -> None:
    one, other, shelf, _ = await two_nodes()
    one.framework.body = b"x" * MOST_BYTES
    await one.get()
    await one.shared.left()
    assert shelf._values == {}
    one.framework.body = b"x" * (MOST_BYTES - 1)
    await one.get()
    await one.shared.left()
    assert (await other.get())[1] == b"x" * (MOST_BYTES - 1) + b"!"


async def test_it_leaves_nothing_that_was_begun_under_one_revision_and_ended_under_another() -> None:
    one, _, shelf, service = await two_nodes()
    old = catalogue()
    renamed = tuple(msgspec.structs.replace(model, name=f"{model.name}!") for model in old.models)
    one.framework.meanwhile = lambda: service.publish(msgspec.structs.replace(old, models=renamed))
    assert await one.get() == (200, b"{}!", None)
    await one.shared.left()
    assert shelf._values == {}


async def test_it_has_an_answer_made_once_for_all_who_ask_at_a_time() -> None:
    one, _, _, _ = await two_nodes()
    one.framework.answers.clear()
    asking = [asyncio.create_task(one.get()) for _ in range(20)]
    await one.framework.begun.wait()
    # The one who has it made hangs up; the next has it made.
    asking[0].cancel()
    one.framework.answers.set()
    first, *others = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert {answer[:2] for answer in others if not isinstance(answer, BaseException)} == {(200, b"{}!")}
    assert one.framework.asked == 2


async def test_it_lets_each_have_an_error_of_its_own() -> None:
    one, _, _, _ = await two_nodes()
    one.framework.answers.clear()
    one.framework.status = 503
    asking = [asyncio.create_task(one.get()) for _ in range(5)]
    await one.framework.begun.wait()
    one.framework.answers.set()
    assert {answer[0] for answer in await asyncio.gather(*asking)} == {503}
    assert one.framework.asked == 5


async def test_it_asks_no_shelf_that_is_away() -> None:
    one, _, shelf, _ = await two_nodes()
    shelf.up = False
    assert (await one.get())[0] == 200
    shelf.up = True
    assert shelf._values == {}
    assert (one.shared.looks.hits, one.shared.looks.misses, one.shared.looks.errors) == (0, 0, 0)


class SlowShelf(MemoryShelf):
    """Answers when it is told to."""

    answers: asyncio.Event

    async def get(self, key: str) -> Left | None:
        await self.answers.wait()
        return await super().get(key)

    async def put(self, key: str, value: bytes, *, seconds: float) -> None:
        await self.answers.wait()
        await super().put(key, value, seconds=seconds)


async def slow_node() -> tuple[Node, SlowShelf]:
    service = await start_service()
    shelf = SlowShelf(service.clock)
    shelf.answers = asyncio.Event()
    return Node(service, shelf), shelf


async def test_it_looks_for_few_at_a_time_and_has_few_wait_to_be_left() -> None:
    one, shelf = await slow_node()
    count = MOST_WAITING + MOST_LOOKS + 5
    answers = await asyncio.gather(*(one.get(f"{PATH}/{n}") for n in range(count)))
    assert {answer[:2] for answer in answers} == {(200, b"{}!")}
    looks = one.shared.looks
    # Those looked for in vain; those not looked for; and those not left, of which one is on its way.
    assert looks.errors == MOST_LOOKS
    assert looks.skipped == (count - MOST_LOOKS) + (count - MOST_WAITING - 1)
    shelf.answers.set()
    await one.shared.left()
    assert len(shelf._values) == MOST_WAITING + 1


async def test_it_says_in_the_log_when_looking_fails_as_nobody_foresaw() -> None:
    class Broken(MemoryShelf):
        async def get(self, key: str) -> Left | None:
            raise KeyError(key)

    service = await start_service()
    one = Node(service, Broken(service.clock))
    with capture_logs() as logs:
        assert (await one.get())[0] == 200
    assert [entry["log_level"] for entry in logs] == ["error"]


@given(st.binary(max_size=60))
def test_no_bytes_in_its_place_make_an_answer_fail(value: bytes) -> None:
    async def run() -> None:
        one, other, shelf, service = await two_nodes()
        await one.get()
        await one.shared.left()
        (name,) = shelf._values
        shelf._values[name] = (value, service.clock.unix() + 5)
        assert (await other.get())[0] == 200

    with capture_logs():
        asyncio.run(run())


ANSWERS = st.builds(
    SharedAnswer,
    st.integers(0, 2**32 - 1),
    st.lists(st.tuples(st.binary(max_size=5), st.binary(max_size=5)), max_size=3),
    st.binary(max_size=50),
)


@given(ANSWERS)
def test_what_is_left_is_read_back(answer: SharedAnswer) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=SharedAnswer) == answer
