"""The destinations of alerts that the settings name, and the ones that the Apprise library reaches.

Apprise speaks to mail servers and more than a hundred services; each is named by one URL, which holds its
keys. So a destination is called by a label, ``mailto#1``, and nothing else of a URL is ever shown.
"""

import asyncio
import logging
import re
import socket
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from openmodels import version
from openmodels.domain.alerts import Alert, AlertType, joint_text, joint_title, text, title
from openmodels.domain.vocabulary import suggest
from openmodels.errors import SettingsError
from openmodels.jobs.senders import Answer, Sender
from openmodels.jobs.webhook import WebhookSender
from openmodels.settings import Settings

if TYPE_CHECKING:
    from apprise import AppriseAsset, NotifyBase

DEADLINE = 30.0
"""Seconds that one message may take. The library itself gives up on a silent server after less."""
EXAMPLE = "mailtos://user:password@example.com"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30})://")
_STATUS = re.compile(r"\berror=(\d{3})\b")
_KINDS: Mapping[AlertType, str] = {
    "provider.down": "failure",
    "provider.reminder": "failure",
    "provider.degraded": "warning",
    "provider.up": "success",
    "test": "info",
}
# They log addresses, hidden in part or not at all, and the address of a webhook or a chat room is its key.
_TALKATIVE = ("apprise", "httpx2", "urllib3")


def senders_from(settings: Settings) -> Mapping[str, Sender]:
    """The destinations that the settings name, by label: ``webhook``, ``<scheme>#<position>``.

    Imports Apprise, which is slow, only when there is a URL for it. Raises ``SettingsError`` for a URL that
    it cannot use, naming its position and its scheme, and for a webhook secret that cannot be one.
    """
    _silence()
    senders: dict[str, Sender] = {}
    if settings.webhook_url:
        senders["webhook"] = WebhookSender(
            settings.webhook_url, settings.webhook_secret, user_agent=f"OpenModels/{version()}"
        )
    if settings.alert_urls:
        asset = _load_apprise()
        for position, url in enumerate(settings.alert_urls, 1):
            scheme, service = _service(url, position, asset)
            senders[f"{scheme}#{position}"] = AppriseSender(service)
    return senders


def address_of(settings: Settings) -> str:
    """The address of this server, as it was told or as well as it can know it: for the links in alerts."""
    if settings.public_url:
        return settings.public_url
    scheme = "https" if settings.tls_cert else "http"
    # Listening on all of a machine's addresses says nothing of how it is called.
    host = socket.gethostname() if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"


class AppriseSender:
    """Tells one service that Apprise knows."""

    def __init__(self, service: "NotifyBase", *, deadline: float = DEADLINE) -> None:
        self._service = service
        self._deadline = deadline
        self._under_way = threading.Lock()

    def __repr__(self) -> str:
        return "AppriseSender(...)"

    async def send(self, alert: Alert, *, delivery_id: str, now: datetime) -> Answer:  # noqa: ARG002 - the interface's
        """Tell it once, in a thread: the library waits for sockets."""
        return await self._tell(title(alert), text(alert), _KINDS[alert.type])

    async def send_together(self, alerts: Sequence[Alert]) -> Answer:
        """Tell all of these in one message."""
        kinds = {_KINDS[alert.type] for alert in alerts}
        worst = next((kind for kind in ("failure", "warning", "success") if kind in kinds), "info")
        return await self._tell(joint_title(alerts), joint_text(alerts), worst)

    async def _tell(self, heading: str, body: str, kind: str) -> Answer:
        if self._under_way.locked():
            # Without this, a service that hangs would hold one more thread with each attempt.
            return Answer(ok=False, detail="the last attempt still hangs")
        try:
            async with asyncio.timeout(self._deadline):
                return await _in_thread(lambda: self._notify(heading, body, kind))
        except TimeoutError:
            return Answer(ok=False, detail=f"no answer within {self._deadline:g} s")

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _notify(self, heading: str, body: str, kind: str) -> Answer:
        with self._under_way, _StatusCatcher() as caught:
            try:
                told = self._service.notify(title=heading, body=body, notify_type=kind, body_format="text")
            except Exception as error:  # noqa: BLE001 - a hundred plugins raise what they like
                # Not its text: it may quote the URL.
                return Answer(ok=False, detail=f"failed: {type(error).__name__}")
        if told:
            return Answer(ok=True, detail="accepted")
        if caught.status:
            return Answer(ok=False, detail=f"answered {caught.status}")
        return Answer(ok=False, detail="not reached, or it refused what its URL says")


class _StatusCatcher(logging.Handler):
    """Finds the HTTP status in what the library logs in this thread; of the rest, nothing is kept."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.status = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the status, if there is one."""
        if record.thread == self._thread:
            found = _STATUS.search(record.getMessage())
            self.status = found[1] if found else self.status

    def __enter__(self) -> "_StatusCatcher":
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)


async def _in_thread(work: Callable[[], Answer]) -> Answer:
    """What ``work`` gives, from a thread that nobody has to wait for.

    The loop's own threads are waited for when it ends, however long one hangs; this one ends with the
    process.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Answer] = loop.create_future()

    def settle(answer: Answer) -> None:
        if not done.done():
            done.set_result(answer)

    def run() -> None:
        answer = work()
        try:
            loop.call_soon_threadsafe(settle, answer)
        except RuntimeError:
            # The loop has ended meanwhile: nobody waits for the answer any more.
            return

    threading.Thread(target=run, name="alert", daemon=True).start()
    return await done


def _silence() -> None:
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.setLevel(logging.WARNING)
        logger.addFilter(_withhold)
        # Without any handler, the standard library would print warnings by itself.
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _withhold(record: logging.LogRecord) -> bool:
    """Leave nothing of a record but the HTTP status, whoever may have a handler on its logger."""
    found = _STATUS.search(record.getMessage())
    record.msg = f"withheld, for it may hold a key; error={found[1] if found else 'unknown'}"
    record.args, record.exc_info, record.exc_text = (), None, None
    return True


def _load_apprise() -> "AppriseAsset":
    with warnings.catch_warnings():
        # Its mail plugin imports a module of the standard library that later versions of Python lack.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise  # noqa: PLC0415 - takes a fifth of a second, and most starts need none

        return apprise.AppriseAsset(
            app_id="OpenModels",
            app_desc="OpenModels",
            app_url="",
            storage_mode="memory",  # nothing of a URL is written to the disk
            image_url_mask="",  # pictures in messages would be fetched from somebody else's server
            image_url_logo="",
        )


def _service(url: str, position: int, asset: "AppriseAsset") -> tuple[str, "NotifyBase"]:
    """The scheme of one URL and the plugin for it. Raises ``SettingsError``."""
    from apprise import Apprise  # noqa: PLC0415 - see above
    from apprise.manager_plugins import NotificationManager  # noqa: PLC0415

    where = f"OPENMODELS_ALERT_URLS: URL number {position}"
    found = _SCHEME.match(url)
    if found is None:
        raise SettingsError(f"{where} has no scheme; write it like {EXAMPLE}")
    scheme = found[1].lower()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        # It also knows the addresses that some services give out, such as https://hooks.slack.com/...
        service = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
        known: Any = NotificationManager()  # type: ignore[no-untyped-call]  # without annotations there
        if service is None and scheme in {"http", "https"}:
            raise SettingsError(
                f"{where} ({scheme}://...) is of no service that Apprise knows; for a receiver of your own "
                "set OPENMODELS_WEBHOOK_URL"
            )
        if service is None and scheme not in known:
            near = suggest(scheme, known.schemas())
            hint = f"did you mean {near}://? " if near else ""
            raise SettingsError(
                f"{where} ({scheme}://...) is of no service that Apprise knows; {hint}write it like {EXAMPLE}"
            )
    if service is None:
        shape = next(iter(known[scheme].templates or ()), EXAMPLE).replace("{schema}", scheme)
        raise SettingsError(
            f"{where} ({scheme}://...) cannot be used: a part is missing or wrong; write it like {shape}"
        )
    return scheme, service
