import ipaddress
import re
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.errors import SettingsError
from openmodels.settings import TABLE, Settings, read_settings, unknown_variables

VARIABLES = {setting.name: setting.variable for setting in TABLE}
ENDPOINTS = {"a": "http://10.0.0.5:8000/v1", "b": "https://x.example"}
CONNECTIVITY = ("https://a.example", "http://[::1]:8080/x")
ALERT_URLS = ("mailto://u:p@example.com", "slack://a/b/c")
PAIRS = "provider=URL pairs separated by commas, such as vllm=http://10.0.0.5:8000/v1"


def read(name: str, text: str) -> Any:
    return getattr(read_settings({VARIABLES[name]: text}), name)


def refusal(environ: dict[str, str], flags: dict[str, str | None] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        read_settings(environ, flags)
    return str(caught.value)


def test_it_starts_with_nothing_set() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port, settings.rate_limit) == ("127.0.0.1", 8000, 100)
    assert (settings.data_dir, settings.registry) == (Path("var"), Path("registry"))
    assert settings.trusted_proxies == ()
    assert settings.https_only is False
    assert settings.tls_cert is settings.tls_key is None
    assert settings.poll_interval == 1.0


def test_it_has_a_row_for_every_field() -> None:
    assert [setting.name for setting in TABLE] == list(Settings.__struct_fields__)
    assert all(setting.help.endswith(".") and setting.expects for setting in TABLE)
    assert {VARIABLES["host"], VARIABLES["port"]} == {"HOST", "PORT"}
    assert all(v.startswith("OPENMODELS_") for n, v in VARIABLES.items() if n not in {"host", "port"})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("host", "0.0.0.0", "0.0.0.0"),
        ("host", "::1", "::1"),
        ("host", "localhost", "localhost"),
        ("port", "1", 1),
        ("port", "65535", 65535),
        ("port", "08080", 8080),
        ("data_dir", "/srv/data", Path("/srv/data")),
        ("data_dir", "~/data", Path.home() / "data"),
        ("registry", ".", Path()),
        ("database_url", "sqlite:///x.db", "sqlite:///x.db"),
        ("rate_limit", "0", 0),
        ("rate_limit", "1000000", 1_000_000),
        ("trusted_proxies", "10.0.0.0/8", (ipaddress.ip_network("10.0.0.0/8"),)),
        (
            "trusted_proxies",
            " 127.0.0.1 , ::1,, fd00::/8 ",
            tuple(map(ipaddress.ip_network, ("127.0.0.1/32", "::1/128", "fd00::/8"))),
        ),
        ("https_only", "on", True),
        ("https_only", "TRUE", True),
        ("https_only", "1", True),
        ("https_only", "yes", True),
        ("https_only", "off", False),
        ("https_only", "No", False),
        ("https_only", "0", False),
        ("log_format", "JSON", "json"),
        ("log_format", "console", "console"),
        ("log_level", "Warning", "warning"),
        ("poll_interval", "0.05", 0.05),
        ("poll_interval", "60", 60.0),
        ("response_cache_mb", "1", 1),
        ("response_cache_mb", "65536", 65536),
        ("prober", "off", False),
        ("region", "eu-west-1", "eu-west-1"),
        ("health_interval", "10", 10),
        ("latency_interval", "86400", 86_400),
        ("probe_daily_limit", "0", 0),
        ("probe_daily_budget", "0", Decimal(0)),
        ("probe_daily_budget", "0.123456789", Decimal("0.123456789")),
        ("probe_timeout", "1", 1),
        ("allow_private", "on", True),
        ("endpoints", "a=http://10.0.0.5:8000/v1/, b=https://x.example", ENDPOINTS),
        ("connectivity_targets", "none", ()),
        ("connectivity_targets", "https://a.example, http://[::1]:8080/x", CONNECTIVITY),
        ("alert_urls", "mailto://u:p@example.com slack://a/b/c", ALERT_URLS),
        ("alert_reminder_minutes", "0", 0),
        ("metrics_port", "0", 0),
    ],
)
def test_it_reads_a_good_value(name: str, text: str, value: Any) -> None:
    found = read(name, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("host", "a b", "an address"),
        ("host", "http://x", "an address"),
        ("port", "0", "a number from 1 to 65535"),
        ("port", "65536", "a number from 1 to 65535"),
        ("port", "-1", "a number from 1 to 65535"),
        ("port", "80.0", "a number from 1 to 65535"),
        ("port", " 80", "a number from 1 to 65535"),
        ("port", "８０", "a number from 1 to 65535"),
        ("port", "http", "a number from 1 to 65535"),
        ("data_dir", "a\0b", "a folder"),
        ("data_dir", "~nobody-of-this-name/x", "a folder"),
        ("registry", "\0", "a folder"),
        ("rate_limit", "1000001", "a number from 0 to 1000000"),
        ("rate_limit", "0" * 12 + "99999999", "a number from 0 to 1000000"),
        ("rate_limit", "9" * 5000, "a number from 0 to 1000000"),
        ("trusted_proxies", "10.0.0.1/8", "networks separated by commas, such as 10.0.0.0/8,::1"),
        ("trusted_proxies", "proxy.local", "networks separated by commas, such as 10.0.0.0/8,::1"),
        ("trusted_proxies", "::1/129", "networks separated by commas, such as 10.0.0.0/8,::1"),
        ("https_only", "maybe", "on or off"),
        ("https_only", " on", "on or off"),
        ("tls_cert", "\0", "a file"),
        ("log_format", "xml", "auto, console or json"),
        ("log_level", "loud", "debug, info, warning or error"),
        ("poll_interval", "0", "seconds from 0.05 to 60"),
        ("poll_interval", "61", "seconds from 0.05 to 60"),
        ("poll_interval", "nan", "seconds from 0.05 to 60"),
        ("poll_interval", "inf", "seconds from 0.05 to 60"),
        ("poll_interval", "fast", "seconds from 0.05 to 60"),
        ("response_cache_mb", "0", "a number from 1 to 65536"),
        ("response_cache_mb", "64MB", "a number from 1 to 65536"),
        ("region", "EU West", "lower-case letters, digits and single hyphens, such as eu-west-1"),
        ("health_interval", "0", "seconds from 10 to 86400"),
        ("latency_interval", "5m", "seconds from 10 to 86400"),
        ("probe_daily_limit", "-1", "a number from 0 to 10000"),
        ("probe_daily_budget", "-0.01", "an amount from 0 to 1000000, such as 0.50"),
        ("probe_daily_budget", "NaN", "an amount from 0 to 1000000, such as 0.50"),
        ("probe_daily_budget", "1e7", "an amount from 0 to 1000000, such as 0.50"),
        ("probe_daily_budget", "1 USD", "an amount from 0 to 1000000, such as 0.50"),
        ("probe_timeout", "0", "seconds from 1 to 300"),
        ("probe_concurrency", "0", "a number from 1 to 10000"),
        ("endpoints", "groq", PAIRS),
        ("endpoints", "groq=ftp://x", PAIRS),
        ("endpoints", "groq=http://user:pw@x", PAIRS),
        ("endpoints", "groq=http://x:99999", PAIRS),
        ("connectivity_targets", "google.com", "URLs separated by commas, or none"),
        ("retention_days", "0", "days from 1 to 3650"),
        ("rollup_days", "30", "days from 31 to 36500"),
        ("alert_reminder_minutes", "-5", "minutes from 0 to 10080"),
        ("stream_clients", "many", "a number from 0 to 100000"),
        ("metrics_port", "65536", "a number from 0 to 65535"),
    ],
)
def test_it_says_what_to_type_instead_of_a_bad_value(name: str, text: str, expected: str) -> None:
    shown = repr(text[:100])
    assert refusal({VARIABLES[name]: text}) == f"{VARIABLES[name]} must be {expected}, not {shown}"
    flag = "--" + name.replace("_", "-")
    assert refusal({}, {name: text}) == f"{flag} must be {expected}, not {shown}"


@pytest.mark.parametrize("name", [setting.name for setting in TABLE])
@given(text=st.text(max_size=30))
def test_it_reads_or_refuses_any_text(name: str, text: str) -> None:
    with suppress(SettingsError):
        assert isinstance(read_settings({VARIABLES[name]: text}), Settings)


def test_it_takes_a_flag_before_the_environment_before_the_default() -> None:
    environ = {"PORT": "9000"}
    assert read_settings(environ, {"port": "9001"}).port == 9001
    assert read_settings(environ, {"port": None}).port == 9000
    assert read_settings({"PORT": ""}).port == 8000
    assert read_settings({"OPENMODELS_PORT": "9000"}).port == 8000
    assert "--port must be" in refusal(environ, {"port": ""})


def test_it_reads_a_secret_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("  postgresql://u:p@db/x\n", encoding="utf-8")
    environ = {"OPENMODELS_DATABASE_URL_FILE": str(file)}
    assert read_settings(environ).database_url == "postgresql://u:p@db/x"
    environ["OPENMODELS_DATABASE_URL"] = "sqlite:///x"
    assert read_settings(environ).database_url == "sqlite:///x"
    assert read_settings({"OPENMODELS_RATE_LIMIT_FILE": str(file)}).rate_limit == 100


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_it_refuses_a_secret_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)
    message = refusal({"OPENMODELS_DATABASE_URL_FILE": str(file)})
    assert message == "OPENMODELS_DATABASE_URL_FILE names a file that cannot be read"


def test_it_never_shows_a_secret() -> None:
    secrets = [setting for setting in TABLE if setting.secret]
    assert [setting.name for setting in secrets] == [
        "database_url",
        "database_read_url",
        "database_direct_url",
        "redis_url",
        "alert_urls",
        "webhook_url",
        "webhook_secret",
    ]
    broken = {"PORT": "x", "OPENMODELS_DATABASE_URL": "postgresql://user:hunter2@db"}
    assert "hunter2" not in refusal(broken)
    expected = "OPENMODELS_WEBHOOK_URL must be a URL such as https://example.com/hooks/openmodels"
    assert refusal({"OPENMODELS_WEBHOOK_URL": "htp://example.com/hunter2"}) == expected
    assert not [s for s in unknown_variables({"OPENMODELS_DATABASE_UR": "hunter2"}) if "hunter2" in s]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("pem", encoding="utf-8")
    return {
        "OPENMODELS_TLS_CERT": str(tmp_path / "cert.pem"),
        "OPENMODELS_TLS_KEY": str(tmp_path / "key.pem"),
    }


def test_it_takes_certificate_and_key_together(files: dict[str, str]) -> None:
    settings = read_settings(files)
    assert (str(settings.tls_cert), str(settings.tls_key)) == tuple(files.values())


@pytest.mark.parametrize("missing", ["OPENMODELS_TLS_CERT", "OPENMODELS_TLS_KEY"])
def test_it_refuses_one_without_the_other(files: dict[str, str], missing: str) -> None:
    del files[missing]
    assert refusal(files) == "OPENMODELS_TLS_CERT and OPENMODELS_TLS_KEY go together: set both or neither"


def test_it_keeps_demo_data_out_of_a_database_that_is_named() -> None:
    environ = {"OPENMODELS_DEMO": "on", "OPENMODELS_DATABASE_URL": "sqlite:///x.db"}
    assert "exclude each other" in refusal(environ)


def test_it_wants_a_secret_with_a_webhook() -> None:
    webhook = {"OPENMODELS_WEBHOOK_URL": "https://example.com/hook"}
    assert "needs OPENMODELS_WEBHOOK_SECRET" in refusal(webhook)
    assert read_settings({**webhook, "OPENMODELS_WEBHOOK_SECRET": "s"}).webhook_secret == "s"


@pytest.mark.parametrize("path", ["/nowhere/x.pem", "/", "x" * 5000])
def test_it_refuses_a_certificate_that_is_no_file(files: dict[str, str], path: str) -> None:
    message = refusal({**files, "OPENMODELS_TLS_CERT": path})
    assert message.startswith(f"OPENMODELS_TLS_CERT names {path}, which is not a file")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("OPENMODELS_RATE_LIMT", "; did you mean OPENMODELS_RATE_LIMIT?"),
        ("OPENMODELS_TRUSTED_PROXY", "; did you mean OPENMODELS_TRUSTED_PROXIES?"),
        ("OPENMODELS_DATABASE_URL_FIEL", "; did you mean OPENMODELS_DATABASE_URL_FILE?"),
        ("OPENMODELS_PORT", "; did you mean PORT?"),
        ("OPENMODELS_ZZZZ", ""),
        ("OPENMODELS_", ""),
    ],
)
def test_it_points_out_a_variable_that_is_no_setting(name: str, hint: str) -> None:
    assert unknown_variables({name: "1", "PATH": "x"}) == [f"{name} is not a setting{hint}"]


def test_it_is_silent_about_variables_that_are_settings() -> None:
    known = dict.fromkeys(VARIABLES.values(), "1")
    assert unknown_variables({**known, "OPENMODELS_DATABASE_URL_FILE": "x", "OTHER": "x"}) == []
    # Clients of a server read it, from the same `.env` perhaps.
    assert unknown_variables({"OPENMODELS_API_URL": "x"}) == []


def test_it_names_every_variable_in_capitals() -> None:
    assert all(re.fullmatch("[A-Z_]+", variable) for variable in VARIABLES.values())
