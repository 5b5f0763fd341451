"""What machines look for: ``/robots.txt``, ``/sitemap.xml``, ``/llms.txt``."""

import re
from xml.etree import ElementTree

import pytest

from contract.builders import model, registry
from fixtures.service import Service, start_service
from openmodels.web import discovery

pytestmark = pytest.mark.anyio

SITEMAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
ADDRESS = "https://models.example.com"


async def locations(service: Service, path: str = "/sitemap.xml") -> dict[str, str | None]:
    """The addresses that a sitemap or an index holds, and when each was changed."""
    response = await service.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(response.text)
    return {entry.findtext(f"{SITEMAPS}loc") or "": entry.findtext(f"{SITEMAPS}lastmod") for entry in root}


async def test_robots_may_read_what_ends() -> None:
    service = await start_service(PUBLIC_URL=f"{ADDRESS}/")
    robots = await service.get("/robots.txt")
    assert robots.headers["content-type"] == "text/plain; charset=utf-8"
    assert robots.text == (
        f"User-agent: *\nDisallow: /api/telemetry/stream\n\nSitemap: {ADDRESS}/sitemap.xml\n"
    )


async def test_robots_read_nothing_of_a_demo() -> None:
    service = await start_service(DEMO="on")
    assert (await service.get("/robots.txt")).text == "User-agent: *\nDisallow: /\n"


async def test_every_place_of_the_sitemap_is_a_page_that_is_its_own() -> None:
    service = await start_service(PUBLIC_URL=ADDRESS)
    found = await locations(service)
    for location in found:
        assert location.startswith(f"{ADDRESS}/")
        path = location.removeprefix(ADDRESS)
        page = await service.get(path, accept="text/html")
        assert page.status_code == 200, path
        if path != "/api/docs":
            assert f'<link rel="canonical" href="{location}">' in page.text
            assert 'name="robots"' not in page.text


async def test_the_sitemap_holds_every_model_provider_and_document() -> None:
    service = await start_service(PUBLIC_URL=ADDRESS)
    found = await locations(service)
    snapshot = service.live.snapshot
    for entry in snapshot.registry.models:
        assert found[f"{ADDRESS}/models/{entry.id}"] == entry.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert {f"{ADDRESS}/providers/{entry.id}" for entry in snapshot.registry.providers} <= found.keys()
    assert f"{ADDRESS}/docs/quickstart" in found
    assert found[f"{ADDRESS}/models"] == "2026-02-28T08:00:00Z"


async def test_the_sitemap_names_the_address_of_the_server_where_nobody_said_another() -> None:
    service = await start_service(HOST="127.0.0.1", PORT="8123")
    assert all(location.startswith("http://127.0.0.1:8") for location in await locations(service))


async def test_ids_are_written_so_that_they_are_addresses() -> None:
    service = await start_service(registry(model("a'b&c<d e")), PUBLIC_URL=ADDRESS)
    assert f"{ADDRESS}/models/a%27b%26c%3Cd%20e" in await locations(service)


async def test_more_than_one_sitemap_may_hold_are_told_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    service = await start_service(PUBLIC_URL=ADDRESS)
    whole = await locations(service)
    assert (await service.get("/sitemap/0.xml")).status_code == 404
    monkeypatch.setattr(discovery, "MOST_ADDRESSES", len(whole) // 2)
    split = await start_service(PUBLIC_URL=ADDRESS)
    index = await locations(split)
    assert list(index) == [f"{ADDRESS}/sitemap/{number}.xml" for number in range(len(index))]
    assert len(index) > 1
    parts = [await locations(split, part.removeprefix(ADDRESS)) for part in index]
    assert {place for part in parts for place in part} == whole.keys()
    assert sum(len(part) for part in parts) == len(whole)
    for wrong in (f"{len(index)}.xml", "-1.xml", "00.xml", "x.xml", "0", "99999999999.xml"):
        assert (await split.get(f"/sitemap/{wrong}")).status_code == 404, wrong


async def test_llms_txt_says_what_this_is_and_how_to_ask_it() -> None:
    service = await start_service(PUBLIC_URL=ADDRESS)
    response = await service.get("/llms.txt")
    assert response.headers["content-type"].startswith("text/markdown")
    lines = response.text.splitlines()
    assert lines[0] == "# OpenModels"
    assert lines[2].startswith("> ")
    assert re.findall(r"^## (.*)$", response.text, re.MULTILINE) == ["Ask", "Read", "Look", "Optional"]
    assert f"tools at `{ADDRESS}/mcp`" in response.text
    assert len(response.content) < 10_000


async def test_every_address_of_llms_txt_answers() -> None:
    service = await start_service(PUBLIC_URL=ADDRESS)
    links = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): \S", (await service.get("/llms.txt")).text, re.MULTILINE)
    assert len(links) > 20
    for link in links:
        assert (await service.get(link.removeprefix(ADDRESS))).status_code == 200, link


async def test_llms_txt_can_be_had_over_an_empty_registry() -> None:
    service = await start_service(registry())
    assert (await service.get("/llms.txt")).status_code == 200
    assert f"{SITEMAPS[1:-1]}" in (await service.get("/sitemap.xml")).text
