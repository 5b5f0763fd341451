"""What passes to the door for agents, over a door that does as the test says."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from fixtures.agents import JSON, message
from fixtures.service import start_service
from openmodels.clock import SettableClock
from openmodels.edge.asgi import Message, Receive, Scope, Send
from openmodels.edge.posted import BODY_SECONDS, MAX_BODY, Posted
from openmodels.errors import BadRequest, ContentTooLarge, MethodNotAllowed, RequestTimeout, UnsupportedType

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEADERS = {b"content-type": b"application/json"}


class Door:
    """Answers what it was sent; fails before or after it begins to, where the test wants that."""

    def __init__(self, *, fails: str = "") -> None:
        self.bodies: list[bytes] = []
        self.closed = False
        self._fails = fails

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["method"] == "POST"
        received = await receive()
        self.bodies.append(received["body"])
        if self._fails == "before":
            raise RuntimeError
        own = [(b"content-type", b"application/json"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        if self._fails == "after":
            raise RuntimeError
        await send({"type": "http.response.body", "body": received["body"]})

    async def aclose(self) -> None:
        self.closed = True


class Asked:
    """One request to a door."""

    def __init__(self, door: Door) -> None:
        self.clock = SettableClock(NOW)
        self.sent: list[Message] = []
        self.posted = Posted(door, self.clock, help_="see the page")

    async def __call__(
        self,
        *parts: bytes,
        method: str = "POST",
        headers: dict[bytes, bytes] | None = None,
        cut: bool = False,
    ) -> int:
        messages: list[Message] = [
            {"type": "http.request", "body": part, "more_body": cut or number + 1 < len(parts)}
            for number, part in enumerate(parts)
        ]
        return await self.ask(messages, method, HEADERS if headers is None else headers)

    async def ask(self, messages: Sequence[Message], method: str, headers: dict[bytes, bytes]) -> int:
        left = list(messages)

        async def receive() -> Message:
            return left.pop(0) if left else {"type": "http.disconnect"}

        async def send(sent: Message) -> None:
            self.sent.append(sent)

        return await self.posted({"method": method}, receive, send, headers, [(b"x-added", b"1")])


async def test_a_body_in_pieces_comes_as_a_whole() -> None:
    door = Door()
    asked = Asked(door)
    assert await asked(b"{", b"", b"}") == 200
    assert door.bodies == [b"{}"]
    assert asked.sent[0]["headers"] == [(b"content-type", b"application/json"), (b"x-added", b"1")]
    await asked.posted.aclose()
    assert door.closed


@pytest.mark.parametrize(
    ("headers", "parts", "error"),
    [
        ({b"content-type": b"text/plain"}, [b"x"], UnsupportedType),
        ({}, [b"x"], UnsupportedType),
        (HEADERS | {b"content-length": b"%d" % (MAX_BODY + 1)}, [], ContentTooLarge),
        (HEADERS | {b"content-length": b"9" * 5000}, [], ContentTooLarge),
        (HEADERS | {b"content-length": b"-1"}, [], BadRequest),
        (HEADERS, [b" " * MAX_BODY, b" "], ContentTooLarge),
    ],
)
async def test_what_is_of_no_use_does_not_pass(
    headers: dict[bytes, bytes], parts: list[bytes], error: type[Exception]
) -> None:
    door = Door()
    with pytest.raises(error):
        await Asked(door)(*parts, headers=headers)
    assert door.bodies == []


async def test_only_what_is_posted_passes() -> None:
    with pytest.raises(MethodNotAllowed, match="see the page"):
        await Asked(Door())(method="GET")


async def test_a_body_that_does_not_come_is_given_up() -> None:
    asked, never = Asked(Door()), asyncio.Event()

    async def receive() -> Message:
        await never.wait()
        return {}

    async def send(_: Message) -> None:
        raise AssertionError

    asking = asyncio.create_task(asked.posted({"method": "POST"}, receive, send, HEADERS, []))
    for _ in range(5):
        await asyncio.sleep(0)
    asked.clock.advance(seconds=BODY_SECONDS)
    with pytest.raises(RequestTimeout, match="within 10 s"):
        await asking
    assert asked.clock.sleepers == 0


async def test_a_client_that_goes_away_early_is_not_answered() -> None:
    door = Door()
    asked = Asked(door)
    assert await asked(b"{", cut=True) == 499
    assert (door.bodies, asked.sent) == ([], [])


async def test_a_door_that_fails_before_it_answers_can_be_told_of_and_after_it_cannot() -> None:
    with pytest.raises(RuntimeError):
        await Asked(Door(fails="before"))(b"{}")
    assert await Asked(Door(fails="after"))(b"{}") == 200


async def test_a_door_that_cannot_be_opened_is_a_500_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = await start_service()

    async def ask() -> Any:
        return await service.request("POST", "/mcp", json=message("ping"), headers=JSON)

    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "mcp.server.streamable_http_manager", None)
        failed = await ask()
    assert (failed.status_code, failed.json()["error"]["type"]) == (500, "INTERNAL_ERROR")
    assert "mcp.server" not in failed.text
    assert (await ask()).json()["result"] == {}
    assert service.app.agents is not None
    await service.app.agents.aclose()
