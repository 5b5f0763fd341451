import re
from pathlib import Path

import pytest

from fixtures.sources import READ_AT, Served, assert_holds, served, subjects
from openmodels.clock import SettableClock
from openmodels.domain.records import ID_PATTERN
from openmodels.domain.views.provenance import CURATED, SOURCE_NAMES
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import litellm, models_dev
from openmodels.registry.importers.fetch import Fetched, fetch
from openmodels.registry.importers.table import IMPORTERS, read
from openmodels.registry.overlay_merge import SOURCE as OVERLAY


def fetched(document: bytes) -> Fetched:
    return Fetched(document=document, version="7", observed_at=READ_AT, origin="here")


def test_every_source_says_what_it_is() -> None:
    assert list(IMPORTERS) == ["models-dev", "litellm", "genai-prices", "openai-compatible"]
    for name, importer in IMPORTERS.items():
        assert importer.id == name
        assert re.fullmatch(ID_PATTERN, name)
        assert importer.help
        assert "\n" not in importer.help


def test_every_source_has_a_name_to_show() -> None:
    assert set(SOURCE_NAMES) == {CURATED, OVERLAY, *IMPORTERS}


def test_a_servers_list_is_fetched_and_read_with_the_provider_that_the_user_names() -> None:
    importer = IMPORTERS["openai-compatible"]
    with served() as server:
        found = _fetched_from(server)
    reading = read(importer, found, provider="my-own")
    assert_holds(reading)
    assert [(subject.provider, subject.name) for subject in subjects(reading)] == [("my-own", "glow-2")]
    assert reading.source_version == found.version


def _fetched_from(server: Served) -> Fetched:
    server.put("/v1/models", b'{"data": [{"id": "glow-2", "max_model_len": 4096}]}')
    return fetch(IMPORTERS["openai-compatible"].place, server.url, clock=SettableClock(READ_AT))


@pytest.mark.parametrize("provider", [None, "", "My Own", "../x", "a--b", "x" * 300, "\x1b[31m"])
def test_a_list_without_a_provider_that_can_be_one_is_refused(provider: str | None) -> None:
    with pytest.raises(SourceUnreadable, match="--provider") as refused:
        read(IMPORTERS["openai-compatible"], fetched(b"[]"), provider=provider)
    assert str(refused.value).isprintable()


def test_a_source_that_names_its_providers_takes_none() -> None:
    with pytest.raises(SourceUnreadable, match="leave --provider out"):
        read(IMPORTERS["models-dev"], fetched(b"{}"), provider="my-own")


def test_no_source_is_read_from_a_place_that_nobody_typed_but_its_own() -> None:
    assert IMPORTERS["models-dev"].place.default == "https://models.dev/catalog.json"
    assert IMPORTERS["openai-compatible"].place.default is None
    for name in ("litellm", "genai-prices"):
        assert IMPORTERS[name].place.package is not None


def test_the_page_on_sources_tells_of_each_and_of_what_is_free_there() -> None:
    page = (Path(__file__).parents[4] / "docs" / "importers.md").read_text(encoding="utf-8")
    for name in IMPORTERS:
        assert f"\n## {name}\n" in page
        assert f"\n| `{name}` |" in page
    free = [*models_dev.FREE_OF_CHARGE, *(provider for provider, _ in litellm.FREE_OF_CHARGE)]
    for provider in free:
        assert provider in page.lower()
