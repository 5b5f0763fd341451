"""The first page: what is up now changes as it happens, and the search leads to the list."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from browser.conftest import Browse
from contract.builders import check
from fixtures.service import NOW
from fixtures.site import Site

SLOWLY = 15_000
"""Regions are refreshed at most every ten seconds."""


def test_who_is_up_changes_without_a_reload(browse: Browse, own_site: Site) -> None:
    with browse(own_site) as page:
        page.goto("/")
        expect(page.locator("[data-live-sign]")).to_contain_text("Live")
        now = page.locator("#now")
        expect(now.locator(".matters").first).to_contain_text("Nimbus")
        page.evaluate("document.documentElement.dataset.kept = 'yes'")
        own_site.advance(seconds=60)
        for second in (10, 20, 30):
            own_site.record(check("nimbus", NOW + timedelta(seconds=second), response_time_ms=100.0))
        expect(now.locator(".names")).to_contain_text("Nimbus", timeout=SLOWLY)
        expect(page.locator("html")).to_have_attribute("data-kept", "yes")


def test_the_search_leads_to_the_list_without_script(plain_page: Page) -> None:
    plain_page.goto("/")
    field = plain_page.get_by_role("search", name="Models by name").get_by_role("searchbox")
    field.fill("alpha")
    field.press("Enter")
    plain_page.wait_for_url("**/models?search=alpha")
    expect(plain_page.get_by_role("main")).to_contain_text("Alpha One")
