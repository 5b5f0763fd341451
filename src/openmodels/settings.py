"""Every setting: its name, its default and what it is for.

A setting is read from a flag, else from the environment variable ``OPENMODELS_<NAME>`` (``HOST`` and
``PORT`` without the prefix), else from ``.env``. A secret is also read from the file that
``OPENMODELS_<NAME>_FILE`` names.
"""

import difflib
import ipaddress
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from openmodels.errors import SettingsError

PREFIX = "OPENMODELS_"
UNPREFIXED = frozenset({"host", "port"})

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of one run, checked. ``TABLE`` says what each is for."""

    host: str
    port: int
    data_dir: Path
    registry: Path
    database_url: str
    rate_limit: int
    trusted_proxies: tuple[Network, ...]
    https_only: bool
    tls_cert: Path | None
    tls_key: Path | None
    log_format: str
    log_level: str
    poll_interval: float
    response_cache_mb: int


class Setting(NamedTuple):
    """One row of the table."""

    name: str
    default: str
    help: str
    read: Callable[[str], Any]
    expects: str
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return self.name.upper() if self.name in UNPREFIXED else PREFIX + self.name.upper()


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) <= 12 and low <= int(text) <= high):
            raise ValueError(text)
        return int(text)

    return read


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return read


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return read


def _switch(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False}
    return {**words, "off": False}[text.lower()]


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def _path(text: str) -> Path:
    if "\0" in text or not text:
        raise ValueError(text)
    try:
        return Path(text).expanduser()
    except RuntimeError:  # ~somebody who has no home here
        raise ValueError(text) from None


def _path_or_none(text: str) -> Path | None:
    return _path(text) if text else None


def _text(text: str) -> str:
    return text


def _host(text: str) -> str:
    if not text or any(c.isspace() or c == "/" for c in text):
        raise ValueError(text)
    return text


TABLE: tuple[Setting, ...] = (
    Setting("host", "127.0.0.1", "Address to listen on; 0.0.0.0 for all.", _host, "an address"),
    Setting("port", "8000", "Port to listen on.", _integer(1, 65535), "a number from 1 to 65535"),
    Setting("data_dir", "var", "Folder for the database; made when missing.", _path, "a folder"),
    Setting("registry", "registry", "Folder of the registry's YAML files.", _path, "a folder"),
    Setting(
        "database_url",
        "",
        "Database, as a URL; empty for SQLite in the data folder.",
        _text,
        "a URL such as sqlite:///var/openmodels.db",
        secret=True,
    ),
    Setting(
        "rate_limit",
        "100",
        "Requests that one client may make in 60 seconds; 0 for no limit.",
        _integer(0, 1_000_000),
        "a number from 0 to 1000000",
    ),
    Setting(
        "trusted_proxies",
        "",
        "Networks of the reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
        _networks,
        "networks separated by commas, such as 10.0.0.0/8,::1",
    ),
    Setting("https_only", "off", "Answer plain HTTP with a redirect to https.", _switch, "on or off"),
    Setting(
        "tls_cert",
        "",
        "Certificate chain (PEM); with tls_key, the server speaks TLS.",
        _path_or_none,
        "a file",
    ),
    Setting("tls_key", "", "Private key (PEM, unencrypted) of tls_cert.", _path_or_none, "a file"),
    Setting(
        "log_format",
        "auto",
        "How logs are written; auto is console on a terminal and json elsewhere.",
        _one_of("auto", "console", "json"),
        "auto, console or json",
    ),
    Setting(
        "log_level",
        "info",
        "The least severe log line that is written.",
        _one_of("debug", "info", "warning", "error"),
        "debug, info, warning or error",
    ),
    Setting(
        "poll_interval",
        "1",
        "Seconds between looks for a new revision and new telemetry.",
        _seconds(0.05, 60),
        "seconds from 0.05 to 60",
    ),
    Setting(
        "response_cache_mb",
        "64",
        "Memory for ready answers, in megabytes.",
        _integer(1, 65536),
        "a number from 1 to 65536",
    ),
)


def read_settings(environ: Mapping[str, str], flags: Mapping[str, str | None] | None = None) -> Settings:
    """The settings from flags, then the environment, then defaults; an empty variable counts as not set.

    Raises ``SettingsError``, which says what to type, for a value that cannot be used.
    """
    given = flags or {}
    values = {}
    for setting in TABLE:
        text, origin = _raw_value(setting, environ, given)
        try:
            values[setting.name] = setting.read(text)
        except (ValueError, KeyError):
            shown = "" if setting.secret else f", not {text[:100]!r}"
            raise SettingsError(f"{origin} must be {setting.expects}{shown}") from None
    settings = Settings(**values)
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise SettingsError("OPENMODELS_TLS_CERT and OPENMODELS_TLS_KEY go together: set both or neither")
    for name, file in (("TLS_CERT", settings.tls_cert), ("TLS_KEY", settings.tls_key)):
        if file is not None and not _is_file(file):
            raise SettingsError(f"{PREFIX}{name} names {file}, which is not a file that can be seen")
    return settings


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that may not be entered, a name too long
        return False


def _raw_value(
    setting: Setting, environ: Mapping[str, str], flags: Mapping[str, str | None]
) -> tuple[str, str]:
    flag = flags.get(setting.name)
    if flag is not None:
        return flag, "--" + setting.name.replace("_", "-")
    if environ.get(setting.variable):
        return environ[setting.variable], setting.variable
    file_variable = f"{setting.variable}_FILE"
    if setting.secret and environ.get(file_variable):
        try:
            text = Path(environ[file_variable]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError, ValueError):
            raise SettingsError(f"{file_variable} names a file that cannot be read") from None
        if not text:
            raise SettingsError(f"{file_variable} names an empty file; write the value into it")
        return text, file_variable
    return setting.default, setting.variable


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """A sentence for each ``OPENMODELS_*`` variable that is no setting, with what may have been meant."""
    known = {s.variable for s in TABLE} | {f"{s.variable}_FILE" for s in TABLE if s.secret}
    # Compared without the prefix, which would make any two of them look alike.
    short = {variable.removeprefix(PREFIX): variable for variable in known}
    sentences = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name.removeprefix(PREFIX), short, n=1)
            hint = f"; did you mean {short[near[0]]}?" if near else ""
            sentences.append(f"{name} is not a setting{hint}")
    return sentences
