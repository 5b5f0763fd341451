"""The palette: what is found by name, by keyboard alone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.conftest import Browse
from fixtures.browsing import overflow, violations
from fixtures.site import Site


def opened(page: Page, key: str = "Control+k") -> Locator:
    page.keyboard.press(key)
    field = page.get_by_role("combobox", name="Find models, providers and pages")
    expect(field).to_be_focused()
    return field


@pytest.fixture
def status(page: Page) -> Page:
    page.goto("/status")
    return page


def active(page: Page) -> Locator:
    """The option that the field says is active."""
    field = page.get_by_role("combobox", name="Find models, providers and pages")
    return page.locator(f"#{field.get_attribute('aria-activedescendant')}")


def test_it_opens_by_its_keys_and_its_button_and_gives_the_focus_back(status: Page) -> None:
    button = status.get_by_role("button", name=re.compile("Search"))
    for key in ("Control+k", "Meta+k", "/"):
        opened(status, key)
        status.keyboard.press("Escape")
        expect(status.get_by_role("dialog")).to_be_hidden()
    button.focus()
    status.keyboard.press("Enter")
    expect(status.get_by_role("dialog")).to_be_visible()
    status.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_a_slash_that_is_typed_is_a_slash(page: Page) -> None:
    page.goto("/models")
    field = page.locator("main").get_by_role("searchbox").first
    field.focus()
    page.keyboard.type("a/b")
    expect(field).to_have_value("a/b")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_it_finds_a_model_in_spite_of_a_slip_and_goes_there(status: Page) -> None:
    opened(status)
    status.keyboard.type("aplha one")
    expect(status.get_by_role("option", name="Alpha One").first).to_have_attribute("aria-selected", "true")
    status.keyboard.press("Enter")
    status.wait_for_url("**/models/alpha-1")


def test_arrows_and_ends_move_through_all_sections(status: Page) -> None:
    opened(status)
    status.keyboard.type("cirrus")
    options = status.get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(options.first).to_contain_text("Cirrus")
    status.keyboard.press("End")
    expect(active(status)).to_contain_text("Search all models")
    status.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    status.keyboard.press("ArrowUp")
    expect(active(status)).to_contain_text("Search all models")
    status.keyboard.press("Home")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert status.locator("[role=option][aria-selected=true]").count() == 1


def test_what_matches_is_marked(status: Page) -> None:
    opened(status)
    status.keyboard.type("alph")
    expect(status.get_by_role("option").first.locator("mark").first).to_have_text("Alph")


def test_it_says_when_nothing_is_called_so_and_offers_the_search(status: Page) -> None:
    opened(status)
    status.keyboard.type("zzzzzz")
    expect(status.get_by_role("dialog").get_by_role("status")).to_contain_text("Nothing is called “zzzzzz”")
    status.keyboard.press("Enter")
    status.wait_for_url("**/models?search=zzzzzz")


def test_it_compares_what_is_named(status: Page) -> None:
    opened(status)
    status.keyboard.type("alpha-1 vs gamma-free")
    status.get_by_role("option", name=re.compile("^Compare")).click()
    status.wait_for_url("**/compare?model=alpha-1&model=gamma-free")


def test_it_switches_the_theme(status: Page) -> None:
    opened(status)
    status.keyboard.type("dark")
    expect(active(status)).to_contain_text("Switch to the dark theme")
    status.keyboard.press("Enter")
    expect(status.locator("html")).to_have_attribute("data-theme", "dark")


def test_it_says_that_the_names_cannot_be_loaded_and_tries_again(status: Page) -> None:
    status.route("**/api/search/index", lambda route: route.abort())
    opened(status)
    told = status.get_by_role("dialog").get_by_role("status")
    expect(told).to_contain_text("cannot be loaded")
    status.keyboard.press("Escape")
    status.unroute("**/api/search/index")
    opened(status)
    status.keyboard.type("alpha one")
    expect(status.get_by_role("option", name="Alpha One").first).to_be_visible()


def test_it_can_be_used_by_all_at_every_width(status: Page) -> None:
    opened(status)
    status.keyboard.type("alpha")
    expect(status.get_by_role("option", name="Alpha One").first).to_be_visible()
    for width in (1440, 360):
        status.set_viewport_size({"width": width, "height": 740})
        assert overflow(status) <= 0
        assert violations(status) == []
    status.emulate_media(color_scheme="dark")
    assert violations(status, rules=["color-contrast"]) == []


def test_names_that_want_to_do_harm_are_only_names(browse: Browse, hostile_site: Site) -> None:
    with browse(hostile_site) as page:
        page.goto("/status")
        opened(page)
        page.keyboard.type("script")
        expect(page.get_by_role("option").first).to_be_visible()
        assert overflow(page) <= 0
        assert page.locator("dialog script, dialog img").count() == 0
