"""What a database's failures are called: the kind of error, and what the reader should do."""

from typing import Any, NamedTuple

from sqlalchemy.exc import TimeoutError as PoolTimeout

from openmodels.errors import SchemaOutdated, StoreError


class DatabaseLocked(StoreError):
    """Another program kept the database, or a part of it, to itself for longer than a writer waits."""


class _Advice(NamedTuple):
    error: type[StoreError]
    text: str


_PERMIT = "make it and its folder writable, or set OPENMODELS_DATA_DIR to another folder"
_ELSEWHERE = "or set OPENMODELS_DATABASE_URL to another, such as sqlite:///var/openmodels.db"
_HELD = _Advice(
    DatabaseLocked,
    "the database {name} is locked: another program is writing to it; try again when it is done",
)
# By the beginning of SQLite's own name of the error.
_BY_NAME: tuple[tuple[str, _Advice], ...] = (
    ("SQLITE_BUSY", _HELD),
    ("SQLITE_LOCKED", _HELD),
    (
        "SQLITE_NOTADB",
        _Advice(StoreError, "{name} is not a SQLite database; move the file away, " + _ELSEWHERE),
    ),
    (
        "SQLITE_CORRUPT",
        _Advice(StoreError, "the database {name} is damaged; restore it from a backup, or move it away"),
    ),
    ("SQLITE_CANTOPEN", _Advice(StoreError, "the database {name} cannot be opened; " + _PERMIT)),
    ("SQLITE_READONLY", _Advice(StoreError, "the database {name} cannot be written; " + _PERMIT)),
    (
        "SQLITE_FULL",
        _Advice(StoreError, "there is no space left for the database {name}; make some and try again"),
    ),
    (
        "SQLITE_IOERR",
        _Advice(StoreError, "the disk failed under the database {name}; look at the disk and try again"),
    ),
)
_WRONG_SCHEMA = ("no such table", "no such column", "has no column named")

_TABLES = _Advice(
    SchemaOutdated, "the database {name} has not the tables that this version reads; run: openmodels migrate"
)
_LOGIN = _Advice(
    StoreError,
    "the database {name} refuses the user or the password; correct the user and the password in {setting}",
)
_MISSING = _Advice(
    StoreError,
    "there is no database {name}; make it with CREATE DATABASE, or correct {setting}",
)
_FORBIDDEN = _Advice(
    StoreError,
    "the user may not do this in the database {name} ({text}); make it the owner of the database, or grant "
    "what docs/postgresql.md lists",
)
_CROWDED = _Advice(
    StoreError,
    "the database {name} takes no more connections; lower OPENMODELS_DATABASE_POOL, raise the server's "
    "max_connections, or put pgbouncer in between",
)
_STARTING = _Advice(StoreError, "the database {name} is starting or stopping; try again in a moment")
_LOST = _Advice(StoreError, "the connection to the database {name} was lost; look whether the server runs")
_AWAY = _Advice(
    StoreError,
    "the database {name} cannot be reached ({text}); start it, or correct {setting}",
)
_IN_THE_WAY = _Advice(
    DatabaseLocked, "another transaction was in the way in the database {name}; try again: {text}"
)

# By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), or how it begins.
_BY_STATE: tuple[tuple[str, _Advice], ...] = (
    ("42P01", _TABLES),
    ("42703", _TABLES),
    ("42501", _FORBIDDEN),
    ("28", _LOGIN),
    ("3D000", _MISSING),
    ("53100", _Advice(StoreError, "there is no space left for the database {name}; make some and try again")),
    ("53300", _CROWDED),
    ("55P03", _Advice(DatabaseLocked, "a table of the database {name} is locked; try again: {text}")),
    ("40001", _IN_THE_WAY),
    ("40P01", _IN_THE_WAY),
    (
        "25006",
        _Advice(
            StoreError,
            "the database {name} can only be read, as a replica can; name the primary in "
            "OPENMODELS_DATABASE_URL",
        ),
    ),
    (
        "57014",
        _Advice(
            StoreError,
            "the database {name} gave up a statement ({text}); raise the server's or the role's "
            "statement_timeout",
        ),
    ),
    ("57P", _STARTING),
)
# Where a connection is refused, libpq gives words only; where the server speaks another language they do not
# match, and the reader gets the server's own.
_BY_WORDS: tuple[tuple[str, _Advice], ...] = (
    ("too many", _CROWDED),
    ('role "', _LOGIN),
    ('" does not exist', _MISSING),
    ("permission denied", _FORBIDDEN),
    ("password authentication failed", _LOGIN),
    ("no password supplied", _LOGIN),
    ("authentication failed", _LOGIN),
    ("no pg_hba.conf entry", _LOGIN),
    ("no such database", _MISSING),
    ("remaining connection slots", _CROWDED),
    ("no more connections allowed", _CROWDED),
    ("starting up", _STARTING),
    ("shutting down", _STARTING),
    ("in recovery mode", _STARTING),
    ("server closed the connection", _LOST),
    ("terminating connection", _LOST),
    ("connection is closed", _LOST),
    ("connection is lost", _LOST),
    ("consuming input failed", _LOST),
    ("sending query", _LOST),
    ("connection failed", _AWAY),
    ("connection timeout", _AWAY),
    ("resolve host", _AWAY),
    ("could not translate host name", _AWAY),
)


def explained(error: Exception, name: str, *, setting: str) -> StoreError:
    """What to raise for an error of SQLAlchemy or of a driver, in one line.

    ``name`` is how people call the database, without a password; ``setting`` is the one with its address.
    """
    if isinstance(error, PoolTimeout):
        return StoreError(
            f"all connections to the database {name} that this process may have are in use; raise "
            "OPENMODELS_DATABASE_POOL"
        )
    cause = getattr(error, "orig", None) or error
    advice = _advice(cause)
    text = _told(cause)
    if advice is None:
        return StoreError(f"the database {name} failed: {text}")
    return advice.error(advice.text.format(name=name, text=text, setting=setting))


def _advice(cause: Any) -> _Advice | None:
    by_code = [
        *((getattr(cause, "sqlite_errorname", None), *known) for known in _BY_NAME),
        *((getattr(cause, "sqlstate", None), *known) for known in _BY_STATE),
    ]
    for code, beginning, advice in by_code:
        if code is not None and code.startswith(beginning):
            return advice
    if any(words in _told(cause) for words in _WRONG_SCHEMA):
        return _TABLES
    if hasattr(cause, "sqlstate") and cause.sqlstate is None:
        return next((advice for words, advice in _BY_WORDS if words in str(cause)), None)
    return None


def _told(cause: Any) -> str:
    """The line that tells why: before it, libpq says where it tried to connect, and the server FATAL."""
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()] or [type(cause).__name__]
    line = next((line for line in lines if "FATAL:" in line), lines[0])
    return line.rpartition("FATAL:")[2].strip()[:300]
