"""The destinations that settings name, and what is said when one cannot be used."""

import asyncio
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest

from fixtures.news import NOON
from openmodels.domain.alerts import Alert
from openmodels.errors import SettingsError
from openmodels.jobs.notify import AppriseSender, address_of, senders_from
from openmodels.jobs.senders import Answer
from openmodels.settings import read_settings

ALERT = Alert(type="test", at=NOON)
WEBHOOK = {"OPENMODELS_WEBHOOK_URL": "http://127.0.0.1:1/t0psecret", "OPENMODELS_WEBHOOK_SECRET": "t0psecret"}


def urls(*given: str) -> dict[str, str]:
    return {"OPENMODELS_ALERT_URLS": " ".join(given)}


def test_it_names_destinations_by_kind_and_position() -> None:
    settings = read_settings(
        WEBHOOK
        | urls("mailto://u:t0psecret@example.com", "JSON://localhost/t0psecret", "jsons://localhost/x")
    )
    senders = senders_from(settings)
    assert list(senders) == ["webhook", "mailto#1", "json#2", "jsons#3"]
    assert "t0psecret" not in repr(senders)


def test_without_any_there_are_none() -> None:
    assert senders_from(read_settings({})) == {}


def test_it_takes_the_addresses_that_services_give_out() -> None:
    address = "https://discord.com/api/webhooks/" + "1" * 18 + "/" + "a" * 68
    assert list(senders_from(read_settings(urls(address)))) == ["https#1"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("t0psecret", "has no scheme; write it like mailtos://"),
        ("://t0psecret", "has no scheme; write it like mailtos://"),
        ("slak://t0psecret/x/y", r"\(slak://\.\.\.\) is of no service .* did you mean slack://"),
        ("qqqqqq://t0psecret", r"\(qqqqqq://\.\.\.\) is of no service that Apprise knows; write it like"),
        ("slack://t0psecret", r"\(slack://\.\.\.\) cannot be used: .* write it like slack://\{token_a\}"),
        ("mailto://", r"\(mailto://\.\.\.\) cannot be used: .* write it like mailto://"),
        ("https://t0psecret.example", r"\(https://\.\.\.\) is of no service .* set OPENMODELS_WEBHOOK_URL"),
    ],
)
def test_it_says_which_url_is_wrong_and_nothing_of_what_it_holds(
    given: str, said: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(SettingsError, match=f"^OPENMODELS_ALERT_URLS: URL number 2 {said}") as caught:
        senders_from(read_settings(urls("json://localhost/x", given)))
    assert "t0psecret" not in str(caught.value) + caplog.text + "".join(capfd.readouterr())


def test_it_imports_the_library_only_for_a_url() -> None:
    script = (
        "import sys; from openmodels.jobs.notify import senders_from;"
        "from openmodels.settings import read_settings; import openmodels.jobs.alerts;"
        f"senders_from(read_settings({WEBHOOK!r})); assert 'apprise' not in sys.modules;"
        "senders_from(read_settings({'OPENMODELS_ALERT_URLS': 'json://localhost'}));"
        "assert 'apprise' in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-Werror", "-c", script], capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"HOST": "::1", "PORT": "81"}, "http://[::1]:81"),
        ({"HOST": "om.example"}, "http://om.example:8000"),
    ],
)
def test_it_knows_its_own_address(environ: dict[str, str], address: str) -> None:
    assert address_of(read_settings(environ)) == address


def test_it_does_not_give_out_an_address_that_means_all() -> None:
    assert "0.0.0.0" not in address_of(read_settings({"HOST": "0.0.0.0"}))


class Service:
    """Stands where a plugin of the library does, since no real one can be made to hang or to raise."""

    def __init__(self, does: Any) -> None:
        self._does = does

    def notify(self, **message: Any) -> bool:
        assert message["title"] == "OpenModels: test alert"
        return bool(self._does())


def sender(does: Any, deadline: float = 30.0) -> AppriseSender:
    service: Any = Service(does)
    return AppriseSender(service, deadline=deadline)


async def send(one: AppriseSender) -> Answer:
    return await one.send(ALERT, delivery_id="msg_1", now=NOON)


@pytest.mark.anyio
async def test_it_says_what_became_of_a_message() -> None:
    assert await send(sender(lambda: True)) == Answer(ok=True, detail="accepted")
    refused = await send(sender(lambda: False))
    assert refused == Answer(ok=False, detail="not reached, or it refused what its URL says")


@pytest.mark.anyio
async def test_it_tells_the_status_that_the_library_logged_and_no_more() -> None:
    def fails() -> bool:
        log = logging.getLogger("apprise")
        log.warning("Failed to send to %s: t0psecret, error=401.", "t0psecret")
        other = threading.Thread(target=lambda: log.warning("error=500."))
        other.start()
        other.join()
        return False

    assert await send(sender(fails)) == Answer(ok=False, detail="answered 401")


@pytest.mark.anyio
async def test_it_survives_a_plugin_that_raises() -> None:
    def raises() -> bool:
        raise ValueError("https://user:t0psecret@example.com")

    assert await send(sender(raises)) == Answer(ok=False, detail="failed: ValueError")


@pytest.mark.anyio
async def test_one_that_hangs_holds_one_thread_and_is_left_at_its_deadline() -> None:
    let_go, ended = threading.Event(), threading.Event()

    def hangs() -> bool:
        let_go.wait()
        return True

    one = sender(hangs, deadline=0.05)
    assert await send(one) == Answer(ok=False, detail="no answer within 0.05 s")
    hanging = [thread for thread in threading.enumerate() if thread.name == "alert"]
    assert [thread.daemon for thread in hanging] == [True]
    assert await send(one) == Answer(ok=False, detail="the last attempt still hangs")
    assert [thread for thread in threading.enumerate() if thread.name == "alert"] == hanging
    let_go.set()
    await asyncio.to_thread(hanging[0].join)
    assert not ended.is_set()
    assert (await send(one)).ok


@pytest.mark.anyio
async def test_it_tells_several_alerts_in_one_message_by_the_worst_of_them() -> None:
    told: list[dict[str, Any]] = []

    class Noting:
        def notify(self, **message: Any) -> bool:
            told.append(message)
            return True

    service: Any = Noting()
    down, up = (
        Alert(type="provider.down", provider_id="p", status="down", reason="timeout", at=NOON),
        Alert(type="provider.up", provider_id="q", status="up", reason="answered", at=NOON),
    )
    assert (await AppriseSender(service).send_together([up, down])).ok
    (message,) = told
    assert message == {
        "title": "2 providers: 1 down, 1 up",
        "body": "q is up again (answered)\np is down (timeout)",
        "notify_type": "failure",
        "body_format": "text",
    }
