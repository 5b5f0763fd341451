"""What a webhook's receiver gets, and what its answers mean."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from fixtures.news import NOON
from fixtures.receivers import SILENCE, answer, receiver
from fixtures.server import free_port
from openmodels.domain.alerts import Alert
from openmodels.errors import SettingsError
from openmodels.jobs.senders import Answer
from openmodels.jobs.webhook import WebhookSender, body_of, key_of, signed_headers

pytestmark = pytest.mark.anyio

SECRET = "correct horse battery staple"
ALERT = Alert(
    type="provider.down",
    provider_id="p",
    provider_name="P",
    status="down",
    previous_status="up",
    reason="down: 3 checks in a row failed (timeout)",
    at=NOON,
    incident_started_at=NOON - timedelta(minutes=10, microseconds=1),
    region="eu",
    url="http://om.example/api/providers/p",
)


async def send(url: str, *, secret: str = SECRET, deadline: float = 10.0) -> Answer:
    sender = WebhookSender(url, secret, user_agent="OpenModels/test", deadline=deadline)
    try:
        return await sender.send(ALERT, delivery_id="msg_1", now=NOON)
    finally:
        await sender.close()


async def test_it_posts_what_is_documented() -> None:
    async with receiver() as hook:
        assert await send(hook.url) == Answer(ok=True, detail="answered 204")
    (post,) = hook.posts
    assert post.line == "POST /hook HTTP/1.1"
    assert post.headers["content-type"] == "application/json"
    assert post.headers["user-agent"] == "OpenModels/test"
    assert json.loads(post.body) == {
        "type": "provider.down",
        "provider_id": "p",
        "provider_name": "P",
        "status": "down",
        "previous_status": "up",
        "reason": "down: 3 checks in a row failed (timeout)",
        "at": "2026-03-01T12:00:00.000Z",
        "incident": {"started_at": "2026-03-01T11:49:59.999Z"},
        "region": "eu",
        "url": "http://om.example/api/providers/p",
    }


async def test_it_keeps_no_cookies() -> None:
    async with receiver(answer("204 No Content", "set-cookie: a=1", "set-cookie: b=2; Path=/")) as hook:
        sender = WebhookSender(hook.url, SECRET, user_agent="OpenModels/test")
        for _ in range(2):
            await sender.send(ALERT, delivery_id="msg_1", now=NOON)
        await sender.close()
    assert len(hook.posts) == 2
    assert all("cookie" not in post.headers for post in hook.posts)


async def test_it_signs_by_the_standard() -> None:
    async with receiver() as hook:
        await send(hook.url)
    (post,) = hook.posts
    assert post.headers["webhook-id"] == "msg_1"
    assert post.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    signed = f"msg_1.{int(NOON.timestamp())}.".encode() + post.body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert post.headers["webhook-signature"] == f"v1,{expected}"


def test_it_signs_like_the_example_of_the_standard() -> None:
    # From the test vectors of the convention's own libraries.
    headers = signed_headers(
        key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        delivery_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_test_alert_names_no_provider() -> None:
    fields = json.loads(body_of(Alert(type="test", at=NOON)))
    assert [fields[name] for name in ("provider_id", "status", "incident", "url")] == [None] * 4


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!", "whsec_abc"])
def test_it_refuses_a_secret_that_was_copied_in_part(secret: str) -> None:
    with pytest.raises(SettingsError, match="begins with whsec_") as caught:
        key_of(secret)
    assert secret not in str(caught.value).replace("whsec_,", "") or secret == "whsec_"


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "299 Odd"])
async def test_any_2xx_is_success(status: str) -> None:
    async with receiver(answer(status)) as hook:
        assert (await send(hook.url)).ok


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "500 Internal Server Error"])
async def test_anything_else_is_tried_again(status: str) -> None:
    async with receiver(answer(status, "retry-after: 60")) as hook:
        assert await send(hook.url) == Answer(ok=False, detail=f"answered {status[:3]}")


async def test_a_receiver_that_is_gone_is_not_tried_again() -> None:
    async with receiver(answer("410 Gone")) as hook:
        assert (await send(hook.url)).final


async def test_it_follows_no_redirect() -> None:
    async with (
        receiver() as other,
        receiver(answer("307 Temporary Redirect", f"location: {other.url}")) as hook,
    ):
        found = await send(hook.url)
    assert found == Answer(ok=False, detail="answered 307: redirects are not followed")
    assert other.posts == []


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta()),
        ("999999999999999", timedelta(hours=1)),
        ("Sun, 01 Mar 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta()),
        ("Sun, 01 Mar 2099 11:00:00 GMT", timedelta(hours=1)),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("Sun, 01 Mar 2026 12:05:00 -0000", None),
        ("Sun, 99 Mar 999999 12:05:00 GMT", None),
    ],
)
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_it_heeds_when_to_come_back(status: str, value: str, wait: timedelta | None) -> None:
    async with receiver(answer(status, f"retry-after: {value}")) as hook:
        assert (await send(hook.url)).retry_after == wait


async def test_it_gives_up_on_a_receiver_that_does_not_answer() -> None:
    async with receiver(SILENCE) as hook:
        assert await send(hook.url, deadline=0.2) == Answer(ok=False, detail="no answer within 0.2 s")


async def test_it_reads_no_endless_body() -> None:
    endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
    async with receiver(endless) as hook:
        assert (await send(hook.url)).ok


@pytest.mark.parametrize("wire", [b"garbage\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n"])
async def test_it_survives_what_is_no_answer(wire: bytes) -> None:
    async with receiver(wire) as hook:
        found = await send(hook.url)
    assert not found.ok


async def test_it_tells_no_secret_whatever_happens() -> None:
    path = "/hooks/t0psecret?token=alsosecret"
    secret = "whsec_" + base64.b64encode(b"key-secret").decode()
    async with receiver(answer("500 secret in the reason"), path=path) as hook:
        answers = [
            await send(hook.url, secret=secret),
            await send(f"http://127.0.0.1:{free_port()}{path}", secret=secret),
            await send(f"http://no-such-host.invalid{path}", secret=secret),
            await send("http://[::1" + path, secret=secret),
        ]
    assert not any(one.ok for one in answers)
    sender = WebhookSender(hook.url, secret, user_agent="x")
    assert "secret" not in repr(answers) + repr(sender)
    await sender.close()
