"""Documents that are made once and kept outside of memory."""

import asyncio
import gzip
import threading
from collections.abc import Callable, Iterator
from typing import Any

import brotli
import pytest
import zstandard

from fixtures.service import PUBLISHED
from openmodels.api.whole import MOST_WAITING, PART, Document, Whole
from openmodels.errors import Unavailable

pytestmark = pytest.mark.anyio

UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda body: body,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
}


class Made:
    """A document that counts how often it is made."""

    def __init__(self, content: bytes = b"x" * 200_000, *, name: str = "it", revision: str = "1") -> None:
        self.times = 0
        self.content = content
        self.document = Document(name=name, revision=revision, modified=PUBLISHED, parts=self._parts)

    def _parts(self) -> Iterator[bytes]:
        self.times += 1
        for start in range(0, len(self.content), 1000):
            yield self.content[start : start + 1000]


class Waiting:
    """A document that is made only once it is let go."""

    def __init__(self, name: str = "it") -> None:
        self.begun, self.go, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.document = Document(name=name, revision="1", modified=PUBLISHED, parts=self._parts)

    def _parts(self) -> Iterator[bytes]:
        self.begun.set()
        try:
            self.go.wait(20)
            while True:
                yield b"x" * 4096
        finally:
            self.ended.set()


async def cancelled(tasks: set[asyncio.Task[Any]]) -> None:
    """As the end of the program does it."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("coding", UNPACK)
async def test_it_makes_a_document_in_each_coding(coding: str) -> None:
    made = Made(bytes(range(256)) * 2000)
    body = await Whole().body(made.document, coding)
    assert UNPACK[coding](b"".join(body.parts())) == made.content
    assert body.size == sum(map(len, body.parts()))
    assert body.part(body.size) == b""
    assert len(body.part(0)) <= PART
    assert body.known.size == len(made.content)


async def test_it_makes_a_document_once_for_all_who_ask_at_a_time() -> None:
    whole, made = Whole(), Made()
    codings = ["identity", "gzip", "br", "zstd"] * 25
    bodies = await asyncio.gather(*(whole.body(made.document, coding) for coding in codings))
    assert made.times == 1
    assert whole.made == 4
    assert len({id(body) for body in bodies}) == 4
    assert len({body.known for body in bodies}) == 1


async def test_it_goes_on_for_the_others_when_one_who_waits_hangs_up() -> None:
    whole, made = Whole(), Made()
    first = asyncio.create_task(whole.body(made.document, "identity"))
    second = asyncio.create_task(whole.body(made.document, "identity"))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).size == 200_000
    assert made.times == 1


async def test_it_keeps_no_more_than_it_may_and_still_knows_what_was_there() -> None:
    whole = Whole(kept_bytes=500_000)
    made = [Made(name=str(number)) for number in range(4)]
    for one in made:
        await whole.body(one.document, "identity")
    assert whole.bytes == 400_000
    assert (await whole.known(made[0].document)).size == 200_000
    assert made[0].times == 1
    await whole.body(made[0].document, "identity")
    assert made[0].times == 2


async def test_it_hands_out_one_that_alone_is_more_than_it_may_keep() -> None:
    whole, made = Whole(kept_bytes=10), Made()
    body = await whole.body(made.document, "identity")
    assert b"".join(body.parts()) == made.content


async def test_it_lets_who_reads_go_on_when_the_document_is_kept_no_more() -> None:
    whole, first, second = Whole(kept_bytes=10), Made(b"a" * 100_000, name="a"), Made(name="b")
    body = await whole.body(first.document, "identity")
    await whole.body(second.document, "identity")
    assert whole.bytes == 200_000
    assert b"".join(body.parts()) == first.content


async def test_it_tells_revisions_apart() -> None:
    whole = Whole()
    one, other = Made(b"1", revision="1"), Made(b"2", revision="2")
    bodies = [await whole.body(made.document, "identity") for made in (one, other)]
    assert [body.part(0) for body in bodies] == [b"1", b"2"]
    assert bodies[0].known != bodies[1].known


async def test_it_turns_away_who_asks_for_one_too_many() -> None:
    whole, waiting, before = Whole(), Waiting("first"), asyncio.all_tasks()
    documents = [waiting.document, *(Made(name=str(n)).document for n in range(MOST_WAITING - 1))]
    asked = [asyncio.create_task(whole.body(document, "identity")) for document in documents]
    await asyncio.to_thread(waiting.begun.wait, 20)
    with pytest.raises(Unavailable) as refused:
        await whole.body(Made(name="another").document, "identity")
    assert refused.value.retry_after
    assert not any(task.done() for task in asked)
    waiting.go.set()
    await cancelled(asyncio.all_tasks() - before)


async def test_it_stops_making_a_document_when_the_program_ends() -> None:
    whole, waiting, before = Whole(), Waiting(), asyncio.all_tasks()
    asking = asyncio.create_task(whole.body(waiting.document, "identity"))
    await asyncio.to_thread(waiting.begun.wait, 20)
    await cancelled(asyncio.all_tasks() - before)
    assert asking.cancelled()
    waiting.go.set()
    # It would never end by itself.
    assert await asyncio.to_thread(waiting.ended.wait, 20)


async def test_it_says_that_it_cannot_when_there_is_no_room() -> None:
    def parts() -> Iterator[bytes]:
        yield b"x"
        raise OSError(28, "No space left on device")

    whole = Whole()
    document = Document(name="it", revision="1", modified=PUBLISHED, parts=parts)
    with pytest.raises(Unavailable) as refused:
        await whole.body(document, "identity")
    assert "device" not in str(refused.value)
    # And nothing stands in the way of the next try.
    made = Made()
    assert (await whole.body(made.document, "identity")).size == 200_000
