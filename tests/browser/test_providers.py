"""The pages about providers, in a browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Browse
from contract.builders import check
from fixtures.browsing import overflow, violations
from fixtures.service import NOW
from fixtures.site import Site

PAGES = ("/providers/nimbus", "/status")


def test_it_narrows_the_list_as_it_is_asked_and_steps_back(page: Page) -> None:
    page.goto("/providers")
    page.get_by_role("checkbox", name="down").check()
    rows = page.locator("#found tbody tr")
    expect(rows).to_have_count(1)
    expect(page).to_have_url("/providers?sort=name&status=down")
    expect(page.get_by_role("status").filter(has_text="providers")).to_have_text("1 of 5 providers")
    page.get_by_label("Search providers").fill("stratus")
    expect(rows).to_have_count(0)
    expect(page.get_by_label("Search providers")).to_be_focused()
    page.get_by_role("link", name="Clear").click()
    expect(rows).to_have_count(5)
    expect(page.get_by_role("checkbox", name="down")).not_to_be_checked()
    page.go_back()
    expect(rows).to_have_count(0)


def test_it_changes_the_period_and_the_order_without_losing_either(page: Page) -> None:
    page.goto("/providers/stratus")
    page.get_by_role("link", name="Output").click()
    expect(page.locator("#offered thead [aria-sort]")).to_have_text("Output per 1M tokens")
    page.get_by_role("link", name="24 hours").click()
    expect(page.get_by_role("link", name="24 hours")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url("/providers/stratus?period=24h&sort=output_price#speed")
    page.locator("#offered").get_by_role("link", name="Next").click()
    expect(page).to_have_url("/providers/stratus?period=24h&sort=output_price&page=2#models")
    expect(page.locator("#offered tbody tr")).to_have_count(11)


def test_it_tells_of_a_provider_that_comes_up(own_site: Site, browse: Browse) -> None:
    with browse(own_site) as page:
        page.goto("/status")
        expect(page.locator(".overall")).to_contain_text("1 is down")
        expect(page.locator("[data-live-sign]")).to_contain_text("Live")
        for seconds in (30, 1):
            own_site.record(check("nimbus", NOW - timedelta(seconds=seconds)))
        expect(page.locator(".overall")).not_to_contain_text("1 is down", timeout=15_000)


@pytest.mark.parametrize("path", PAGES)
def test_it_fits_and_is_accessible_with_everything_unfolded(page: Page, path: str) -> None:
    page.goto(path)
    for summary in page.locator("summary").all():
        summary.click()
    assert overflow(page) <= 0
    assert violations(page) == []
