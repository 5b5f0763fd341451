"""Every format in which the registry is given away."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from openmodels.domain.records import Registry
from openmodels.registry.exporters import flat, litellm, models_dev, ndjson, openrouter, sqlite

JSON = "application/json"


class Format(Struct, frozen=True, kw_only=True):
    """One format."""

    name: str
    """What stands after ``openmodels export``."""
    file_name: str
    """What the file is called, also under ``/api/export/``."""
    help: str
    """One line for people."""
    write: Callable[[Registry], Iterator[bytes]]
    """The whole document, part by part, some perhaps empty. The same registry gives the same bytes."""
    media_type: str = JSON
    """The media type."""
    binary: bool = False
    """Whether a terminal cannot show it."""
    saved: bool = False
    """Whether a browser should save it rather than show it."""
    also_at: tuple[str, ...] = ()
    """Further places under ``/api/export/``, for clients that append a path of their own to an address."""


FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format(
            name="models-dev",
            file_name="models-dev.json",
            help="models.dev's api.json: providers with their models, as opencode reads it",
            write=models_dev.write_api,
            also_at=("models-dev/api.json",),
        ),
        Format(
            name="models-dev-catalog",
            file_name="models-dev/catalog.json",
            help="models.dev's catalog.json: models of their own, and providers with what they offer",
            write=models_dev.write_catalogue,
        ),
        Format(
            name="litellm",
            file_name="litellm.json",
            help="LiteLLM's cost map, model_prices_and_context_window.json",
            write=litellm.write,
        ),
        Format(
            name="openrouter",
            file_name="openrouter.json",
            help="OpenRouter's /models: one entry for each model, with its cheapest offering's prices",
            write=openrouter.write,
            also_at=("openrouter/models",),
        ),
        Format(
            name="ndjson",
            file_name="registry.ndjson",
            help="every record, whole, as one JSON object a line",
            write=ndjson.write,
            media_type="application/x-ndjson",
            saved=True,
        ),
        Format(
            name="csv",
            file_name="registry.csv",
            help="one row for each offering, for spreadsheets",
            write=flat.write,
            media_type="text/csv; charset=utf-8",
            saved=True,
        ),
        Format(
            name="sqlite",
            file_name="registry.sqlite",
            help="a SQLite file, for SQL and Datasette",
            write=sqlite.write,
            media_type="application/vnd.sqlite3",
            binary=True,
            saved=True,
        ),
    )
}
"""The formats by their names."""
