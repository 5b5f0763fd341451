"""Every setting: its name, its default and what it is for.

A setting is read from a flag, else from the environment variable ``OPENMODELS_<NAME>`` (``HOST`` and
``PORT`` without the prefix), else from ``.env``. A secret is also read from the file that
``OPENMODELS_<NAME>_FILE`` names.
"""

import difflib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from openmodels.errors import SettingsError
from openmodels.settings.table import PREFIX, TABLE, Setting
from openmodels.settings.values import Network

__all__ = ["PREFIX", "TABLE", "Network", "Setting", "Settings", "read_settings", "unknown_variables"]


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of one run, checked. ``TABLE`` says what each is for."""

    host: str
    port: int
    data_dir: Path
    registry: Path
    overlay: Path | None
    database_url: str
    database_read_url: str
    database_direct_url: str
    database_pool: int
    redis_url: str
    workers: int
    rate_limit: int
    trusted_proxies: tuple[Network, ...]
    public_url: str
    https_only: bool
    tls_cert: Path | None
    tls_key: Path | None
    log_format: str
    log_level: str
    poll_interval: float
    response_cache_mb: int
    prober: bool
    region: str
    health_interval: int
    latency_interval: int
    probe_daily_limit: int
    probe_daily_budget: Decimal
    probe_timeout: int
    probe_concurrency: int
    allow_private: bool
    endpoints: Mapping[str, str]
    connectivity_targets: tuple[str, ...]
    retention_days: int
    rollup_days: int
    alert_urls: tuple[str, ...]
    webhook_url: str
    webhook_secret: str
    alert_reminder_minutes: int
    stream_clients: int
    metrics_host: str
    metrics_port: int
    demo: bool


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
    if settings.webhook_url and not settings.webhook_secret:
        raise SettingsError(
            "OPENMODELS_WEBHOOK_URL needs OPENMODELS_WEBHOOK_SECRET, with which the receiver tells our posts "
            "from others'; set it to a long random text"
        )
    if settings.demo and settings.database_url:
        raise SettingsError(
            "OPENMODELS_DEMO and OPENMODELS_DATABASE_URL exclude each other: demo data are never mixed with "
            "real data, so a demo has a database of its own; set one of them"
        )
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
    # What clients of a server read; an environment or a `.env` may be for both.
    known |= {f"{PREFIX}API_URL"}
    # Compared without the prefix, which would make any two of them look alike.
    short = {variable.removeprefix(PREFIX): variable for variable in known}
    sentences = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name.removeprefix(PREFIX), short, n=1)
            hint = f"; did you mean {short[near[0]]}?" if near else ""
            sentences.append(f"{name} is not a setting{hint}")
    return sentences
