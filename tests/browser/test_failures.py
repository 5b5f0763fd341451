"""What a visitor sees when there is little to see: an empty registry, no telemetry, errors, no database."""

import re
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Browse
from browser.looks import PAGES, Look
from fixtures.browsing import overflow, settle, violations
from fixtures.failing import FailingTelemetry
from fixtures.observatory import observatory
from fixtures.service import Service, start_service
from fixtures.site import Site, running_site
from openmodels.errors import StoreError

LISTS = [
    look
    for look in PAGES
    if look.path in {"/", "/models", "/providers", "/compare", "/status", "/changes", "/docs"}
]
TELEMETRY = [
    look
    for look in PAGES
    if look.path
    in {
        "/",
        "/models/alpha-1",
        "/providers",
        "/providers/cirrus",
        "/status",
        "/compare?model=alpha-1&model=gamma-free",
    }
]
by_name = partial(pytest.mark.parametrize, ids=lambda look: look.name)


def assert_well(page: Page) -> None:
    """The page that is open is whole, at both ends of what screens are."""
    settle(page)
    assert page.locator("h1:visible").count() == 1
    assert violations(page) == []
    for width in (1440, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) <= 0


@by_name("look", LISTS)
def test_an_empty_registry_is_shown_as_such(browse: Browse, empty_site: Site, look: Look) -> None:
    with browse(empty_site) as page:
        answer = page.goto(look.path)
        assert answer is not None
        assert answer.status == 200
        assert_well(page)


@by_name("look", TELEMETRY)
def test_without_telemetry_nothing_is_made_up(browse: Browse, quiet_site: Site, look: Look) -> None:
    with browse(quiet_site) as page:
        answer = page.goto(look.path)
        assert answer is not None
        assert answer.status == 200
        assert_well(page)
        said = page.locator("main").inner_text()
        assert not re.search(r"\b(nan|null|undefined|infinity)\b", said, re.IGNORECASE), said


class Failing:
    """A site whose telemetry fails as its test says."""

    def __init__(self, site: Site, telemetry: FailingTelemetry) -> None:
        self.site = site
        self._telemetry = telemetry

    def fails(self, error: Exception | None) -> None:
        """Have every further question to telemetry end like this."""
        self._telemetry.error = error
        # What was answered before is kept for some seconds.
        self.site.advance(seconds=60)


@pytest.fixture(scope="module")
def failing() -> Iterator[Failing]:
    telemetry = FailingTelemetry(None)

    async def start() -> Service:
        return await start_service(observatory(), telemetry=telemetry)

    with running_site(start) as site:
        yield Failing(site, telemetry)


@by_name("look", TELEMETRY)
def test_while_the_database_is_away_the_registry_is_shown(
    browse: Browse, failing: Failing, look: Look
) -> None:
    failing.fails(StoreError("the database is away"))
    # The stream has nothing to tell then, and says so.
    with browse(failing.site, expected="503 for") as page:
        answer = page.goto(look.path)
        assert answer is not None
        assert answer.status == 200
        assert_well(page)


def test_an_unforeseen_failure_is_a_page_that_tells_no_more_than_the_request(
    browse: Browse, failing: Failing
) -> None:
    failing.fails(RuntimeError("a secret of the inside"))
    with browse(failing.site, expected="500 for") as page:
        answer = page.goto("/status")
        assert answer is not None
        assert answer.status == 500
        assert_well(page)
        said = page.locator("main").inner_text()
        assert "secret" not in page.content()
        assert answer.headers["x-request-id"] in said


def test_a_page_that_is_not_there_leads_on(page: Page) -> None:
    answer = page.goto("/models/alpha-11")
    assert answer is not None
    assert answer.status == 404
    assert "alpha-1" in page.locator("main").inner_text()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_a_provider_that_is_down_is_said_to_be_down_in_words(page: Page) -> None:
    for path in ("/providers/nimbus", "/providers", "/status"):
        page.goto(path)
        expect(page.locator("main [data-status-of='nimbus']", has_text="down").first).to_be_visible()
