"""Health checks of aimock."""

import msgspec
import pytest

from fixtures.server import free_port
from foreign.aimock import Aimock
from foreign.probing import target
from foreign.wire import WIRES
from openmodels.prober.client import ProbeClient

pytestmark = pytest.mark.anyio
STYLES = list(WIRES)
LISTING = ["anthropic", "openai-chat", "openai-responses"]
"""The styles of which aimock serves a list of models."""


@pytest.mark.parametrize("style", LISTING)
async def test_it_is_up_when_it_lists_its_models(client: ProbeClient, aimock: Aimock, style: str) -> None:
    check = (await client.check(target(aimock.open, style))).record
    assert (check.status, check.outcome, check.http_status) == ("up", "ok", 200)
    assert check.response_time_ms is not None
    assert check.connect_ms is not None


@pytest.mark.parametrize("style", sorted(set(STYLES) - set(LISTING)))
async def test_it_is_up_when_it_has_no_list_of_models(
    client: ProbeClient, aimock: Aimock, style: str
) -> None:
    check = (await client.check(target(aimock.open, style))).record
    assert (check.status, check.outcome, check.http_status) == ("up", "bad_request", 404)


@pytest.mark.parametrize("style", STYLES)
async def test_it_is_up_when_it_wants_a_key(client: ProbeClient, aimock: Aimock, style: str) -> None:
    check = (await client.check(target(aimock.guarded, style))).record
    assert (check.status, check.outcome, check.http_status) == ("up", "auth", 401)


async def test_it_asks_the_path_that_the_provider_names(client: ProbeClient, aimock: Aimock) -> None:
    named = target(aimock.guarded, "openai-chat", health_path="/health")
    public = msgspec.structs.replace(named, base_url=aimock.guarded)
    check = (await client.check(public)).record
    assert (check.status, check.outcome, check.http_status) == ("up", "ok", 200)


async def test_it_shows_no_key_to_a_health_check(client: ProbeClient, aimock: Aimock) -> None:
    assert (await client.check(target(aimock.guarded, "openai-chat", key="any"))).record.outcome == "auth"


async def test_it_is_down_when_nobody_listens(client: ProbeClient) -> None:
    check = (await client.check(target(f"http://127.0.0.1:{free_port()}", "openai-chat"))).record
    assert (check.status, check.outcome, check.http_status) == ("down", "network", None)


async def test_it_tells_a_server_that_answers_from_one_that_does_not(
    client: ProbeClient, aimock: Aimock
) -> None:
    assert await client.reachable(aimock.guarded, timeout=10)
    assert not await client.reachable(f"http://127.0.0.1:{free_port()}", timeout=10)
