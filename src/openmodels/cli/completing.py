"""What the shell completes: ids of models and providers, by the names that a server, or the files, have.

Whatever goes wrong, nothing is completed, and nothing is said: somebody is in the middle of a line.
"""

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec import Struct

FRESH = 3600.0
"""For how many seconds names that were fetched are used again."""
PATIENCE = 1.0
"""How long a server may take to tell them, in seconds."""


class Names(Struct, frozen=True):
    """The ids that there are, each with its display name."""

    models: Mapping[str, str]
    providers: Mapping[str, str]


def complete_model(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The models' ids that begin so, with their names."""
    return _beginning(names_for(ctx.params).models, incomplete)


def complete_provider(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The providers' ids that begin so, with their names."""
    return _beginning(names_for(ctx.params).providers, incomplete)


def words_of(words: Sequence[str]) -> Callable[[str], list[str]]:
    """Completes one of these words."""
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


def _an_id(value: Any) -> Any:
    for part in [value] if isinstance(value, str) else value or ():
        if part in {"", ".", ".."}:
            raise typer.BadParameter(f"an id such as those that `openmodels search` finds, not {part!r}")
    return value


ModelId = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Id of the model, or another name that it goes by.",
        autocompletion=complete_model,
        callback=_an_id,
        show_default=False,
    ),
]
"""An argument that is a model's id, for commands."""
ProviderId = Annotated[
    str,
    typer.Argument(
        metavar="PROVIDER",
        help="Id of the provider.",
        autocompletion=complete_provider,
        callback=_an_id,
        show_default=False,
    ),
]
"""An argument that is a provider's id, for commands."""


def _beginning(names: Mapping[str, str], incomplete: str) -> list[tuple[str, str]]:
    # An id that is none could break out of the script that completes.
    return [
        (name, _harmless(shown))
        for name, shown in names.items()
        if name.startswith(incomplete) and _is_an_id(name)
    ]


def _is_an_id(text: str) -> bool:
    return text.isascii() and all(c.isalnum() or c in "-._" for c in text)


def _harmless(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c in " .-_")[:60]


def names_for(flags: Mapping[str, Any]) -> Names:
    """The names that a command with these flags would know; none where they cannot be had quickly."""
    try:
        if flags.get("local"):
            return _local_names(flags)
        return _served_names(flags.get("api_url"))
    except (Exception, SystemExit):  # noqa: BLE001 - see above
        return Names({}, {})


def _served_names(api_url: str | None) -> Names:
    # Here, and below, what takes long to import, which most completions do without.
    from openmodels.cli.preferences import read_preferences  # noqa: PLC0415

    url = read_preferences(os.environ, api_url=api_url).api_url
    kept = cache_file(os.environ, url)
    found = _kept(kept)
    if found is None:
        from openmodels_client import OpenModels, Retry  # noqa: PLC0415

        with OpenModels(url, timeout=PATIENCE, retry=Retry(times=0)) as client:
            index = client.names()
        found = Names(
            {model.id: model.name for model in index.models},
            {provider.id: provider.name for provider in index.providers},
        )
        _keep(kept, found)
    return found


def _local_names(flags: Mapping[str, Any]) -> Names:
    """What the files' names say: reading them takes longer than somebody waits who completes."""
    from openmodels.registry.files import list_files, list_overlay  # noqa: PLC0415
    from openmodels.settings import read_settings  # noqa: PLC0415

    settings = read_settings(os.environ, {name: flags.get(name) for name in ("registry", "overlay")})
    listings = [list_files(settings.registry)]
    if settings.overlay is not None:
        listings.append(list_overlay(settings.overlay))
    keys: dict[str, dict[str, str]] = {"models": {}, "providers": {}}
    for listing in listings:
        for file in listing.files:
            if file.kind in keys:
                keys[file.kind][file.key] = ""
    return Names(keys["models"], keys["providers"])


def cache_file(environ: Mapping[str, str], url: str) -> Path | None:
    """Where the names of a server are kept; None where there is no home for it."""
    base = environ.get("XDG_CACHE_HOME") or ""
    home = environ.get("HOME") or ""
    if not Path(base).is_absolute():
        if not home:
            return None
        base = str(Path(home) / ".cache")
    return Path(base) / "openmodels" / f"names-{hashlib.sha256(url.encode()).hexdigest()[:16]}.json"


def _kept(path: Path | None) -> Names | None:
    try:
        if path is None or not 0 <= time.time() - path.stat().st_mtime < FRESH:
            return None
        return msgspec.json.decode(path.read_bytes(), type=Names)
    except (OSError, msgspec.DecodeError):
        return None


def _keep(path: Path | None, names: Names) -> None:
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Under another name first, so that nobody reads half of it.
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(msgspec.json.encode(names))
        fresh.replace(path)
    except OSError:
        return
