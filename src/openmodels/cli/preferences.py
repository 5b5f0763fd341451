"""Which server is asked, and how answers are written: by flag, environment, the user's file, or default."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from openmodels.domain.faults import visible
from openmodels.domain.vocabulary import suggest
from openmodels.errors import SettingsError

FILE = ".openmodelsrc"
"""In the user's home folder."""
VARIABLE = "OPENMODELS_API_URL"
DEFAULT = "http://127.0.0.1:8000"
"""Where a server listens that was started on this machine."""
MOST_BYTES = 100_000
"""More than such a file has."""
FormatName = Literal["table", "json", "yaml", "csv"]
FORMATS: tuple[str, ...] = get_args(FormatName)


class Preferences(Struct, frozen=True, kw_only=True):
    """What holds for one run."""

    api_url: str
    api_url_from: str
    """Where it is said, for who reads that it cannot be used."""
    format: str
    no_color: bool


class _File(Struct, frozen=True):
    """``~/.openmodelsrc``. What else is in it is another program's."""

    api_url: str | None = None
    format: FormatName | None = None
    no_color: bool | None = None


def read_preferences(
    environ: Mapping[str, str], *, api_url: str | None = None, form: str | None = None
) -> Preferences:
    """What flags, then the environment, then the user's file, then the defaults say.

    Raises ``SettingsError``, in one line that says what is wrong and where.
    """
    if form is not None and form not in FORMATS:
        near = suggest(form, FORMATS)
        hint = f" (did you mean {near}?)" if near else ""
        raise SettingsError(f"--format must be one of {', '.join(FORMATS)}{hint}, not {form[:80]!a}")
    home = environ.get("HOME") or ""
    path = Path(home) / FILE if home else None
    saved = _read(path) if path is not None else _File()
    for url, origin in (
        (api_url, "--api-url"),
        (environ.get(VARIABLE), VARIABLE),
        (saved.api_url, f"{path}: api_url"),
        (DEFAULT, "the default"),
    ):
        # An empty flag is a slip; an empty variable or entry counts as not given.
        if url or (url is not None and origin == "--api-url"):
            break
    return Preferences(
        api_url=url or "",
        api_url_from=origin,
        format=form or saved.format or "table",
        no_color=bool(saved.no_color),
    )


def _read(path: Path) -> _File:
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return _File()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from None
    if len(text) > MOST_BYTES:
        raise SettingsError(f"{path} is longer than {MOST_BYTES:,} bytes: it is not what it should be")
    try:
        return msgspec.json.decode(text, type=_File)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {visible(str(error))}; correct or remove it") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f'{path} is no JSON such as {{"api_url": "{DEFAULT}"}}: {visible(str(error))}'
        ) from None
