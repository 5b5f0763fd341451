"""The theme, copying, and times that go on."""

import re

from playwright.sync_api import Page, expect

from browser.conftest import Browse
from fixtures.site import Site

PAINTED = "getComputedStyle(document.documentElement).backgroundColor"


def test_the_choice_holds_on_every_page_and_the_browser_takes_its_colour(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.goto("/models")
    assert page.evaluate(PAINTED) == "rgb(17, 21, 26)"
    metas = page.locator('meta[name="theme-color"]')
    assert metas.evaluate_all("all => all.map(one => one.content)") == ["#11151a", "#11151a"]


def test_the_system_s_theme_is_followed_until_another_is_chosen(browse: Browse, site: Site) -> None:
    with browse(site, color_scheme="dark") as page:
        page.goto("/")
        assert page.evaluate(PAINTED) == "rgb(17, 21, 26)"
        page.emulate_media(color_scheme="light")
        assert page.evaluate(PAINTED) == "rgb(255, 255, 255)"


def test_code_is_copied_and_said_to_be(browse: Browse, site: Site) -> None:
    with browse(site, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto("/models/alpha-1")
        button = page.get_by_role("button", name=re.compile("^Copy")).first
        code = button.locator("xpath=..").locator("code").inner_text()
        button.click()
        expect(button).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == code


def test_without_script_nothing_offers_what_only_script_can_do(plain_page: Page) -> None:
    plain_page.goto("/models/alpha-1")
    for offer in ("[data-copy]", "[data-theme-switch]", "[data-palette]"):
        expect(plain_page.locator(offer).first).to_be_attached()
        expect(plain_page.locator(f"{offer}:visible")).to_have_count(0)
    expect(plain_page.get_by_role("searchbox", name="Search models").first).to_be_visible()
