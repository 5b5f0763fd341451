"""Every setting: its name, its default and what it is for."""

from collections.abc import Callable
from typing import Any, NamedTuple

from openmodels.settings.values import (
    amount,
    endpoints,
    host,
    integer,
    items,
    networks,
    one_of,
    path,
    path_or_none,
    seconds,
    switch,
    text,
    web_address_or_none,
    web_addresses,
    word,
)

PREFIX = "OPENMODELS_"
UNPREFIXED = frozenset({"host", "port"})


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


TABLE: tuple[Setting, ...] = (
    Setting("host", "127.0.0.1", "Address to listen on; 0.0.0.0 for all.", host, "an address"),
    Setting("port", "8000", "Port to listen on.", integer(1, 65535), "a number from 1 to 65535"),
    Setting("data_dir", "var", "Folder for the database; made when missing.", path, "a folder"),
    Setting("registry", "registry", "Folder of the registry's YAML files.", path, "a folder"),
    Setting(
        "overlay",
        "",
        "Folder of your own YAML files, laid over the registry when it is published; empty for none.",
        path_or_none,
        "a folder",
    ),
    Setting(
        "database_url",
        "",
        "Database, as a URL; empty for SQLite in the data folder.",
        text,
        "a URL such as sqlite:///var/openmodels.db",
        secret=True,
    ),
    Setting(
        "database_read_url",
        "",
        "A replica of a PostgreSQL database, as a URL: answers are read from it, and it may lag behind.",
        text,
        "a URL such as postgresql://user:password@replica/openmodels",
        secret=True,
    ),
    Setting(
        "database_direct_url",
        "",
        "The PostgreSQL database without the pooler in front of it, for LISTEN; by default, database_url.",
        text,
        "a URL such as postgresql://user:password@db/openmodels",
        secret=True,
    ),
    Setting(
        "database_pool",
        "10",
        "Connections to a PostgreSQL database that one process may keep.",
        integer(1, 1000),
        "a number from 1 to 1000",
    ),
    Setting(
        "redis_url",
        "",
        "Redis or Valkey, as a URL: several processes then share one rate limit and ready answers.",
        text,
        "a URL such as redis://localhost:6379/0",
        secret=True,
    ),
    Setting(
        "workers",
        "0",
        "Processes that serve, started again when they fail; 0 to serve in this one.",
        integer(0, 256),
        "a number from 0 to 256",
    ),
    Setting(
        "rate_limit",
        "100",
        "Requests that one client may make in 60 seconds; 0 for no limit.",
        integer(0, 1_000_000),
        "a number from 0 to 1000000",
    ),
    Setting(
        "trusted_proxies",
        "",
        "Networks of the reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
        networks,
        "networks separated by commas, such as 10.0.0.0/8,::1",
    ),
    Setting(
        "public_url",
        "",
        "Address under which others reach this server, for links in alerts and feeds; by default where it "
        "listens.",
        web_address_or_none,
        "a URL such as https://models.example.com",
    ),
    Setting("https_only", "off", "Answer plain HTTP with a redirect to https.", switch, "on or off"),
    Setting(
        "tls_cert",
        "",
        "Certificate chain (PEM); with tls_key, the server speaks TLS.",
        path_or_none,
        "a file",
    ),
    Setting("tls_key", "", "Private key (PEM, unencrypted) of tls_cert.", path_or_none, "a file"),
    Setting(
        "log_format",
        "auto",
        "How logs are written; auto is console on a terminal and json elsewhere.",
        one_of("auto", "console", "json"),
        "auto, console or json",
    ),
    Setting(
        "log_level",
        "info",
        "The least severe log line that is written.",
        one_of("debug", "info", "warning", "error"),
        "debug, info, warning or error",
    ),
    Setting(
        "poll_interval",
        "1",
        "Seconds between looks for a new revision and new telemetry.",
        seconds(0.05, 60),
        "seconds from 0.05 to 60",
    ),
    Setting(
        "response_cache_mb",
        "64",
        "Memory for ready answers, in megabytes.",
        integer(1, 65536),
        "a number from 1 to 65536",
    ),
    Setting("prober", "on", "Probe the providers from inside `serve`.", switch, "on or off"),
    Setting(
        "region",
        "local",
        "Name of the place that this prober measures from.",
        word,
        "lower-case letters, digits and single hyphens, such as eu-west-1",
    ),
    Setting(
        "health_interval",
        "300",
        "Seconds between health checks of a provider.",
        integer(10, 86_400),
        "seconds from 10 to 86400",
    ),
    Setting(
        "latency_interval",
        "900",
        "Seconds between latency probes of a provider.",
        integer(10, 86_400),
        "seconds from 10 to 86400",
    ),
    Setting(
        "probe_daily_limit",
        "96",
        "Latency probes of one provider in a day (UTC).",
        integer(0, 10_000),
        "a number from 0 to 10000",
    ),
    Setting(
        "probe_daily_budget",
        "0.50",
        "What latency probes of one provider may cost in a day (UTC), in the currency of its prices.",
        amount(0, 1_000_000),
        "an amount from 0 to 1000000, such as 0.50",
    ),
    Setting(
        "probe_timeout", "30", "Seconds that one probe may take.", integer(1, 300), "seconds from 1 to 300"
    ),
    Setting(
        "probe_concurrency",
        "200",
        "Probes that may be under way at a time.",
        integer(1, 10_000),
        "a number from 1 to 10000",
    ),
    Setting(
        "allow_private",
        "off",
        "Let probes reach private and loopback addresses, for servers in the house; cloud metadata never.",
        switch,
        "on or off",
    ),
    Setting(
        "endpoints",
        "",
        "Addresses to probe instead of those in the registry: provider=URL, separated by commas.",
        endpoints,
        "provider=URL pairs separated by commas, such as vllm=http://10.0.0.5:8000/v1",
    ),
    Setting(
        "connectivity_targets",
        "https://www.google.com/generate_204,https://www.cloudflare.com/cdn-cgi/trace",
        "When a probe fails and none of these answers either, the prober is offline and records nothing; "
        "none to believe every failure.",
        web_addresses,
        "URLs separated by commas, or none",
    ),
    Setting(
        "retention_days",
        "30",
        "Days that single checks and measurements are kept.",
        integer(1, 3650),
        "days from 1 to 3650",
    ),
    Setting(
        "rollup_days",
        "730",
        "Days that hourly and daily sums are kept.",
        integer(31, 36_500),
        "days from 31 to 36500",
    ),
    Setting(
        "alert_urls",
        "",
        "Where alerts go: Apprise URLs (mailto://, slack://, discord://, ...), separated by spaces.",
        items,
        "Apprise URLs separated by spaces, such as mailtos://user:password@example.com",
        secret=True,
    ),
    Setting(
        "webhook_url",
        "",
        "Address that alerts are posted to as signed JSON.",
        web_address_or_none,
        "a URL such as https://example.com/hooks/openmodels",
        secret=True,
    ),
    Setting(
        "webhook_secret",
        "",
        "Key of the webhook's signature (HMAC-SHA256); needed with webhook_url.",
        text,
        "a secret",
        secret=True,
    ),
    Setting(
        "alert_reminder_minutes",
        "60",
        "Minutes between reminders while a provider is down; 0 for none.",
        integer(0, 10_080),
        "minutes from 0 to 10080",
    ),
    Setting(
        "stream_clients",
        "100",
        "Clients that may follow /api/telemetry/stream at a time.",
        integer(0, 100_000),
        "a number from 0 to 100000",
    ),
    Setting("metrics_host", "127.0.0.1", "Address on which /metrics listens.", host, "an address"),
    Setting(
        "metrics_port",
        "0",
        "Port on which /metrics listens; 0 for none.",
        integer(0, 65535),
        "a number from 0 to 65535",
    ),
    Setting(
        "demo",
        "off",
        "Show living telemetry of fake providers, in a database of its own; needs no key and no network.",
        switch,
        "on or off",
    ),
)
