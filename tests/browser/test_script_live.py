"""Live updates: what is recorded is shown, and a stream that is cut is said to be."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from browser.conftest import Browse
from contract.builders import check
from fixtures.browsing import violations
from fixtures.service import NOW
from fixtures.site import Site

LEGIBLE = ["color-contrast"]
SLOWLY = 15_000
"""A stream that broke is opened again after three seconds, or ten where it was refused."""


def sign(page: Page, text: str, timeout: float = 5000) -> None:
    expect(page.locator("[data-live-sign]")).to_contain_text(text, timeout=timeout)


def test_a_new_check_changes_the_page(browse: Browse, own_site: Site) -> None:
    with browse(own_site) as page:
        page.goto("/providers/nimbus")
        sign(page, "Live")
        state = page.locator("main [data-status-of=nimbus]").first
        expect(state).to_have_text("down")
        page.evaluate("document.documentElement.dataset.kept = 'yes'")
        own_site.advance(seconds=60)
        for minute in (1, 2, 3):
            own_site.record(check("nimbus", NOW + timedelta(seconds=10 * minute), response_time_ms=100.0))
        expect(state).to_have_text("up", timeout=SLOWLY)
        expect(page.locator("html")).to_have_attribute("data-kept", "yes")


def test_what_is_open_and_in_use_stays_so(browse: Browse, own_site: Site) -> None:
    with browse(own_site) as page:
        page.goto("/providers")
        sign(page, "Live")
        field = page.locator("main input[type=search]").first
        field.focus()
        time = page.locator("main [data-last-check=cirrus] time")
        before = time.get_attribute("datetime")
        own_site.advance(seconds=60)
        own_site.record(check("cirrus", NOW + timedelta(seconds=50), response_time_ms=100.0))
        expect(time).not_to_have_attribute("datetime", before or "")
        expect(field).to_be_focused()


def test_a_cut_stream_is_said_and_comes_back(browse: Browse, own_site: Site) -> None:
    with browse(own_site) as page:
        page.goto("/status")
        sign(page, "Live")
        assert violations(page, rules=LEGIBLE) == []
        own_site.stop()
        sign(page, "interrupted")
        expect(page.locator(".live-mark")).to_be_visible()
        assert violations(page, rules=LEGIBLE) == []
        own_site.start()
        sign(page, "Live", timeout=SLOWLY)
        expect(page.locator("[data-live-sign]")).to_have_attribute("data-state", "on", timeout=SLOWLY)
        expect(page.locator(".live-mark")).to_be_hidden()


def test_a_page_that_shows_nothing_live_has_no_sign(browse: Browse, own_site: Site) -> None:
    with browse(own_site) as page:
        page.goto("/status")
        sign(page, "Live")
        page.goto("/docs")
        expect(page.locator("[data-live-sign]")).to_be_hidden()
