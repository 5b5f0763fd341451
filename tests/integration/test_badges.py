"""``GET /api/badge/provider/{id}.svg`` and ``.json``."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import check, measurement
from fixtures.failing import FailingTelemetry
from fixtures.service import NOW, Service, start_service
from openmodels.api.badge_svg import draw, text_width
from openmodels.api.badges import FILLS
from openmodels.errors import StoreError

pytestmark = pytest.mark.anyio

BADGE = "/api/badge/provider"
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: bytes) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


async def test_it_says_how_a_provider_is_doing(api: Service) -> None:
    for provider, message, colour in (
        ("cirrus", "up", "brightgreen"),
        ("nimbus", "down", "red"),
        ("vacant", "unknown", "lightgrey"),
    ):
        badge = await api.json(f"{BADGE}/{provider}.json")
        assert (badge["message"], badge["color"], badge["isError"]) == (message, colour, False)
        response = await api.get(f"{BADGE}/{provider}.svg")
        assert texts(response.content) == [badge["label"], message]
        assert FILLS[colour] in response.text  # type: ignore[index]  # one of the colours above


async def test_it_has_the_shape_that_shields_io_reads(api: Service) -> None:
    assert await api.json(f"{BADGE}/cirrus.json") == {
        "schemaVersion": 1,
        "label": (await api.json("/api/providers/cirrus"))["name"],
        "message": "up",
        "color": "brightgreen",
        "isError": False,
        "cacheSeconds": 300,
    }


@pytest.mark.parametrize(
    ("query", "message", "colour"),
    [
        ("metric=uptime", "90% uptime", "red"),
        ("metric=uptime&period=1h", "83.33% uptime", "red"),
        ("metric=ttft", "300 ms ttft", "brightgreen"),
        ("metric=ttft&period=1h", "300 ms ttft", "brightgreen"),
        ("metric=status&period=30d", "up", "brightgreen"),
    ],
)
async def test_it_says_what_is_asked_for(api: Service, query: str, message: str, colour: str) -> None:
    badge = await api.json(f"{BADGE}/cirrus.json?{query}")
    assert (badge["message"], badge["color"]) == (message, colour)


@pytest.mark.parametrize(
    ("failed", "message", "colour"),
    [
        (0, "100% uptime", "brightgreen"),
        (1, "99.99% uptime", "brightgreen"),
        (11, "99.89% uptime", "yellow"),
        (101, "98.99% uptime", "orange"),
        (501, "94.99% uptime", "red"),
        (10_000, "0% uptime", "red"),
    ],
)
async def test_it_never_rounds_an_uptime_up(failed: int, message: str, colour: str) -> None:
    service = await start_service()
    await service.record([check("cirrus", NOW, "down" if n < failed else "up") for n in range(10_000)])
    badge = await service.json(f"{BADGE}/cirrus.json?metric=uptime")
    assert (badge["message"], badge["color"]) == (message, colour)


@pytest.mark.parametrize(
    ("ttft", "message", "colour"),
    [
        (999.6, "1000 ms ttft", "brightgreen"),
        (2500.0, "2500 ms ttft", "yellow"),
        (5000.0, "5000 ms ttft", "orange"),
        (5000.1, "5000 ms ttft", "red"),
    ],
)
async def test_it_colours_a_time_to_first_token(ttft: float, message: str, colour: str) -> None:
    service = await start_service()
    measured = [measurement("cirrus", "alpha-1", NOW, time_to_first_token_ms=ttft) for _ in range(5)]
    await service.record([], measured)
    badge = await service.json(f"{BADGE}/cirrus.json?metric=ttft")
    assert (badge["message"], badge["color"]) == (message, colour)


@pytest.mark.parametrize(("metric", "message"), [("uptime", "no checks"), ("ttft", "too few measurements")])
async def test_it_says_when_there_is_nothing_to_say(api: Service, metric: str, message: str) -> None:
    badge = await api.json(f"{BADGE}/vacant.json?metric={metric}")
    assert (badge["message"], badge["color"], badge["isError"]) == (message, "lightgrey", False)


async def test_it_takes_another_label(api: Service) -> None:
    assert texts((await api.get(f"{BADGE}/cirrus.svg?label=my%20API")).content)[0] == "my API"
    assert (await api.json(f"{BADGE}/cirrus.json?label=my%20API"))["label"] == "my API"
    assert (await api.json(f"{BADGE}/cirrus.json?label=%20"))["label"]


async def test_it_lets_no_label_out_of_its_place(api: Service) -> None:
    label = "%3C/title%3E%3Cscript%3Ealert(1)%3C/script%3E%22%20onload=%22alert(1)%26amp;%01"
    response = await api.get(f"{BADGE}/cirrus.svg?label={label}")
    root = ElementTree.fromstring(response.content)
    assert texts(response.content)[0] == '</title><script>alert(1)</script>" onload="alert(1)&amp;\ufffd'
    assert {node.tag for node in root.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "title", "clipPath", "rect", "g", "text")
    }
    assert not [name for node in root.iter() for name in node.attrib if name.startswith("on")]


async def test_it_lets_no_label_turn_the_message_round(api: Service) -> None:
    label = "%E2%80%AEsurric%E2%81%A9%E2%80%8F"  # right-to-left override, end of an isolate, a mark
    response = await api.get(f"{BADGE}/cirrus.svg?label={label}")
    assert texts(response.content) == ["surric", "up"]
    assert ElementTree.fromstring(response.content).attrib["aria-label"] == "surric: up"


async def test_it_serves_a_picture_that_can_do_nothing(api: Service) -> None:
    response = await api.get(f"{BADGE}/cirrus.svg")
    assert response.headers["content-type"] == "image/svg+xml"
    assert response.headers["content-security-policy"] == "default-src 'none'"
    assert response.headers["x-content-type-options"] == "nosniff"
    for forbidden in ("href", "style=", "<script", "url(http", "@import"):
        assert forbidden not in response.text


async def test_it_can_be_read_aloud(api: Service) -> None:
    root = ElementTree.fromstring((await api.get(f"{BADGE}/cirrus.svg?label=Cirrus")).content)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == "Cirrus: up"
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == "Cirrus: up"


@pytest.mark.parametrize("suffix", ["svg", "json"])
async def test_it_is_kept_as_long_as_other_telemetry(api: Service, suffix: str) -> None:
    response = await api.get(f"{BADGE}/cirrus.{suffix}")
    assert response.headers["cache-control"] == "public, max-age=10, stale-while-revalidate=30"
    again = await api.get(f"{BADGE}/cirrus.{suffix}", if_none_match=response.headers["etag"])
    assert again.status_code == 304


@pytest.mark.parametrize("suffix", ["svg", "json"])
@pytest.mark.parametrize("metric", ["status", "uptime", "ttft"])
async def test_it_says_unknown_and_is_not_kept_while_the_database_is_away(suffix: str, metric: str) -> None:
    service = await start_service(telemetry=FailingTelemetry(StoreError("away")))
    response = await service.get(f"{BADGE}/cirrus.{suffix}?metric={metric}")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert "unknown" in response.text
    if suffix == "json":
        assert response.json()["isError"] is True


@pytest.mark.parametrize("suffix", ["svg", "json"])
async def test_it_answers_404_for_an_unknown_provider(api: Service, suffix: str) -> None:
    response = await api.get(f"{BADGE}/cirus.{suffix}")
    assert response.status_code == 404
    error = response.json()["error"]
    assert error["message"] == "Provider not found: 'cirus'. Did you mean 'cirrus'?"


@pytest.mark.parametrize("name", ["cirrus", "cirrus.png", "cirrus.svg.png", "cirrus.SVG", ".sv"])
async def test_it_answers_404_for_another_kind_of_file(api: Service, name: str) -> None:
    response = await api.get(f"{BADGE}/{name}")
    assert response.status_code == 404
    assert response.json()["error"]["message"].startswith("There is nothing at")


@pytest.mark.parametrize("query", ["metric=speed", "period=2d", "label=" + "x" * 201])
async def test_it_answers_400_for_what_it_does_not_understand(api: Service, query: str) -> None:
    for suffix in ("svg", "json"):
        assert (await api.get(f"{BADGE}/cirrus.{suffix}?{query}")).status_code == 400


@given(label=st.text(max_size=200), message=st.text(max_size=50))
def test_it_draws_any_text_as_well_formed_svg(label: str, message: str) -> None:
    svg = draw(label, message, "#000")
    root = ElementTree.fromstring(svg)
    assert len(texts(svg)) == 2
    assert int(root.attrib["width"]) == sum(
        int(node.attrib["textLength"]) + 12 for node in root.iter(f"{SVG}text")
    )


@given(text=st.text(min_size=1, max_size=50), more=st.characters())
def test_a_longer_text_is_not_narrower(text: str, more: str) -> None:
    assert text_width(text + more) >= text_width(text) >= 1


@pytest.mark.parametrize(("text", "same"), [("e\u0301" * 9, "\u00e9" * 9), ("a\u200bb\u200d\ufeffc", "abc")])
def test_what_takes_no_place_has_no_width(text: str, same: str) -> None:
    assert text_width(text) <= text_width(same)


@pytest.mark.parametrize("fill", FILLS.values())
def test_white_text_can_be_read_on_every_colour(fill: str) -> None:
    """The contrast ratio of WCAG 2.2, 1.4.3."""
    channels = [int(fill[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert 1.05 / (luminance + 0.05) >= 4.5
