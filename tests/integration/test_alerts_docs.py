"""What docs/alerts.md shows, held to what the program does."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.receivers import Post, receiver
from openmodels.domain.alerts import Alert
from openmodels.jobs.webhook import WebhookSender

PAGE = Path(__file__).parents[2].joinpath("docs", "alerts.md").read_text(encoding="utf-8")
SECRETS = ("any text, même ünïcode", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
Verify = Callable[[dict[str, str], bytes, str], bool]


def block(language: str) -> str:
    """The page's only block of code in this language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def verified() -> Verify:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    found: Verify = names["verified"]
    return found


async def posted(secret: str, now: datetime) -> Post:
    """A real post of the alert that the page shows."""
    shown = json.loads(block("json"))
    started = datetime.fromisoformat(shown.pop("incident")["started_at"])
    shown["at"] = datetime.fromisoformat(shown["at"])
    async with receiver() as hook:
        sender = WebhookSender(hook.url, secret, user_agent="OpenModels/test")
        alert = Alert(**shown, incident_started_at=started)
        assert (await sender.send(alert, delivery_id="msg_1", now=now)).ok
        await sender.close()
    return hook.posts[0]


@pytest.mark.anyio
@pytest.mark.parametrize("secret", SECRETS)
async def test_its_snippet_verifies_what_is_posted(verified: Verify, secret: str) -> None:
    post = await posted(secret, datetime.now(UTC))
    assert verified(post.headers, post.body, secret)
    several = post.headers | {"webhook-signature": "v1,bm90IGl0 " + post.headers["webhook-signature"]}
    assert verified(several, post.body, secret)


@pytest.mark.anyio
async def test_its_snippet_refuses_what_was_changed_or_is_old(verified: Verify) -> None:
    secret, now = SECRETS[0], datetime.now(UTC)
    post = await posted(secret, now)
    assert not verified(post.headers, post.body + b" ", secret)
    assert not verified(post.headers | {"webhook-id": "msg_2"}, post.body, secret)
    assert not verified(post.headers, post.body, "another secret")
    old = await posted(secret, now - timedelta(minutes=6))
    assert not verified(old.headers, old.body, secret)


@pytest.mark.anyio
async def test_it_shows_what_is_really_posted() -> None:
    post = await posted(SECRETS[0], datetime.now(UTC))
    assert json.loads(post.body) == json.loads(block("json"))
    assert list(json.loads(post.body)) == list(json.loads(block("json")))


def test_its_snippet_is_ten_lines() -> None:
    lines = [line for line in block("python").splitlines() if line and '"""' not in line]
    assert len(lines) <= 10
