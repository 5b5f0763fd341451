"""``GET /api/lifecycle`` and ``GET /api/lifecycle.ics``."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from contract.builders import model, offering, provider, registry, vendor
from fixtures.catalogue import catalogue
from fixtures.service import PUBLISHED, Service, start_service
from openmodels.api.ical import DayEvent, calendar

pytestmark = pytest.mark.anyio

JSON, ICS = "/api/lifecycle", "/api/lifecycle.ics"


def content() -> Any:
    """Three known days, one of them today, and one unknown; one successor; one retired offering."""
    return registry(
        vendor("acme"),
        vendor("zenith"),
        provider("cirrus"),
        provider("nimbus"),
        model(
            "gone", vendor="acme", status="retired", deprecation_date=date(2025, 12, 1), replaced_by="next"
        ),
        model("next", vendor="acme"),
        model("now", vendor="zenith", status="deprecated", deprecation_date=date(2026, 3, 1)),
        model("soon", vendor="acme", deprecation_date=date(2026, 3, 11), name="So; on, \\ truly"),
        model("some-day", status="deprecated"),
        offering("cirrus", "gone", status="retired"),
        offering("nimbus", "gone"),
        offering("cirrus", "soon"),
    )


@pytest.fixture(scope="module")
async def service() -> Service:
    return await start_service(content())


def events(body: bytes) -> list[Any]:
    return list(Calendar.from_ical(body).walk("VEVENT"))


async def test_it_lists_what_ends_and_when(service: Service) -> None:
    page = await service.json(JSON)
    assert page["pagination"] == {"page": 1, "limit": 20, "total": 4}
    assert [(item["model_id"], item["retires_on"], item["days_left"]) for item in page["data"]] == [
        ("gone", "2025-12-01", -90),
        ("now", "2026-03-01", 0),
        ("soon", "2026-03-11", 10),
        ("some-day", None, None),
    ]
    assert page["data"][0] == {
        "model_id": "gone",
        "model_name": "Gone",
        "vendor": "acme",
        "status": "retired",
        "retires_on": "2025-12-01",
        "days_left": -90,
        "replaced_by": "next",
        "providers": ["nimbus"],
    }


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("vendor=acme", ["gone", "soon"]),
        ("vendor=acme,zenith", ["gone", "now", "soon"]),
        ("provider=cirrus", ["soon"]),
        ("provider=nobody", []),
        ("status=deprecated", ["now", "some-day"]),
        ("since=2026-03-01", ["now", "soon"]),
        ("since=2026-03-01T00:00:01Z", ["soon"]),
        ("until=2026-03-01", ["gone", "now"]),
        ("since=2026-01-01&until=2026-03-10&vendor=zenith", ["now"]),
        ("limit=1&page=2", ["now"]),
    ],
)
async def test_it_filters(service: Service, query: str, ids: list[str]) -> None:
    assert [item["model_id"] for item in (await service.json(f"{JSON}?{query}"))["data"]] == ids
    if "page" not in query:
        uids = [event["UID"] for event in events((await service.get(f"{ICS}?{query}")).content)]
        assert uids == [f"{name}.retirement@openmodels" for name in ids if name != "some-day"]


@pytest.mark.parametrize(
    "query", ["status=dead", "since=yesterday", "until=2026-02-30", "page=0", "limit=101"]
)
async def test_it_explains_what_it_cannot_read(service: Service, query: str) -> None:
    error = await service.problem(f"{JSON}?{query}")
    assert query.partition("=")[0] in error["message"]


async def test_days_go_by_without_a_revision() -> None:
    service = await start_service(content())
    target = f"{JSON}?status=deprecated&limit=1"
    assert (await service.json(target))["data"][0]["days_left"] == 0
    service.clock.advance(seconds=2 * 86_400)
    assert (await service.json(target))["data"][0]["days_left"] == -2


async def test_it_is_a_calendar_that_a_library_reads(service: Service) -> None:
    response = await service.get(ICS)
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    parsed = Calendar.from_ical(response.content)
    assert (parsed["VERSION"], parsed["NAME"]) == ("2.0", "Model retirements")
    assert "METHOD" not in parsed
    gone, now, soon = events(response.content)
    assert gone.decoded("DTSTART") == date(2025, 12, 1)
    assert [event.decoded("DTSTAMP") for event in (gone, now, soon)] == [PUBLISHED.replace(microsecond=0)] * 3
    assert str(soon["SUMMARY"]) == "So; on, \\ truly is retired"
    assert str(gone["DESCRIPTION"]) == (
        "Gone (gone) is retired by its vendor. Status now: retired.\n"
        "Its successor is next.\nOffered by: nimbus."
    )
    assert gone["CATEGORIES"].to_ical() == b"acme"
    assert parsed.to_ical() != b""


async def test_the_same_revision_is_the_same_calendar_for_ever(service: Service) -> None:
    later = await start_service(content(), now=datetime(2031, 1, 1, tzinfo=UTC))
    first, second = await service.get(ICS), await later.get(ICS)
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert (await service.get(ICS, if_none_match=first.headers["etag"])).status_code == 304


async def test_it_links_to_the_model_where_the_public_address_is_known() -> None:
    service = await start_service(content(), PUBLIC_URL="https://models.example.com")
    first = events((await service.get(ICS)).content)[0]
    assert str(first["URL"]) == "https://models.example.com/api/models/gone"


async def test_a_calendar_without_events_is_one_all_the_same(service: Service) -> None:
    response = await service.get(f"{ICS}?vendor=nobody")
    parsed = Calendar.from_ical(response.content)
    assert [part.name for part in parsed.subcomponents] == ["VTIMEZONE"]


async def test_the_last_day_of_all_is_a_day() -> None:
    service = await start_service(registry(model("eternal", deprecation_date=date.max)))
    (event,) = events((await service.get(ICS)).content)
    assert event.decoded("DTSTART") == date.max
    assert (await service.json(JSON))["data"][0]["retires_on"] == "9999-12-31"


async def test_it_answers_for_the_small_registry() -> None:
    service = await start_service(catalogue())
    assert [i["model_id"] for i in (await service.json(JSON))["data"]] == ["alpha-0", "gamma-free"]


def unseen(character: str) -> bool:
    """Whether a calendar may not hold it, or some reader stumbles over it."""
    return character == "\ufeff" or (unicodedata.category(character) in ("Cc", "Cs") and character != "\t")


hostile = st.text() | st.sampled_from(
    [
        "a\r\nEND:VEVENT\r\nBEGIN:VEVENT",
        "\nATTACH:https://x.example",
        "é" * 60,
        "\u2028X:1",
        "\x85X:1",
        '\\n;,:"',
    ]
)


@settings(deadline=None, max_examples=200)
@given(hostile, hostile, st.dates(), st.lists(hostile, max_size=2).map(tuple))
def test_no_text_can_become_a_line(summary: str, details: str, day: date, words: tuple[str, ...]) -> None:
    event = DayEvent(uid="a@b", day=day, summary=summary, description=details, categories=words)
    body = calendar(summary, details, [event, event], stamp=PUBLISHED)
    lines = body.split(b"\r\n")
    assert lines[-1] == b""
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert b"\r" not in body.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in lines)
    for line in lines:
        line.decode()  # no character is cut
    unfolded = body.replace(b"\r\n ", b"").decode().removesuffix("\r\n").split("\r\n")
    names = [line.partition(":")[0].partition(";")[0] for line in unfolded]
    one = ["BEGIN", "UID", "DTSTAMP", "DTSTART", "SUMMARY", "DESCRIPTION", "CATEGORIES", "TRANSP", "END"]
    if not words:
        one.remove("CATEGORIES")
    assert names[10:-1] == one * 2
    parsed = events(body)
    assert len(parsed) == 2
    assert parsed[0].decoded("DTSTART") == day
    seen = re.sub("\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n", summary)
    assert str(parsed[0]["SUMMARY"]) == "".join(c for c in seen if c == "\n" or not unseen(c))
