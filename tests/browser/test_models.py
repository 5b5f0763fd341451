"""The list of models with script: it changes in place, and its address with it."""

import re

from playwright.sync_api import Locator, Page, expect

from fixtures.browsing import overflow, settle, violations


def tally(page: Page) -> Locator:
    """Says how many models there are."""
    return page.locator("main [role=status]")


def rows(page: Page) -> Locator:
    return page.locator("table.models tbody tr")


def test_typing_finds_while_the_field_keeps_the_focus(page: Page) -> None:
    page.goto("/models?sort=name")
    page.evaluate("window.same = true")
    field = page.get_by_role("searchbox", name="Search", exact=True)
    field.press_sequentially("alpha")
    expect(tally(page)).to_have_text(re.compile("^2 of "))
    expect(page).to_have_url(re.compile(r"/models\?search=alpha&sort=name$"))
    expect(field).to_be_focused()
    expect(field).to_have_value("alpha")
    expect(page).to_have_title(re.compile("“alpha”"))
    assert page.evaluate("window.same")


def test_boxes_and_chips_and_the_back_button_agree(page: Page) -> None:
    page.goto("/models")
    everything = tally(page).inner_text()
    box = page.get_by_role("checkbox", name=re.compile("^vision "))
    box.check()
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?capability=vision$"))
    expect(box).to_be_focused()
    page.get_by_role("link", name=re.compile("Capability: vision")).click()
    expect(tally(page)).to_have_text(everything)
    expect(box).not_to_be_checked()
    page.go_back()
    expect(rows(page)).to_have_count(1)
    expect(box).to_be_checked()
    page.go_back()
    expect(tally(page)).to_have_text(everything)
    expect(box).not_to_be_checked()


def test_choosing_an_order_and_clicking_a_heading_do_the_same(page: Page) -> None:
    page.goto("/models")
    page.get_by_label("Sort").select_option("Lowest input price")
    heading = page.get_by_role("columnheader", name="Input price")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expect(rows(page).first).to_contain_text("Gamma Free")
    page.get_by_role("columnheader", name="Model").get_by_role("link").click()
    expect(page.get_by_label("Sort")).to_have_value("name")
    expect(rows(page).first).to_contain_text("Alpha One")


def test_the_next_page_comes_in_place(page: Page) -> None:
    page.goto("/models")
    page.evaluate("window.same = true")
    first = rows(page).first.inner_text()
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile(r"\?page=2$"))
    expect(rows(page).first).not_to_have_text(first)
    assert page.evaluate("window.same")


def test_ticked_models_are_compared_with_script_and_without(page: Page, plain_page: Page) -> None:
    for shown in (page, plain_page):
        shown.goto("/models")
        shown.get_by_role("checkbox", name="Compare Alpha One").check()
        shown.get_by_role("checkbox", name="Compare beta Mini").check()
        shown.get_by_role("button", name="Compare the ticked").click()
        expect(shown).to_have_url(re.compile(r"/compare\?model=alpha-1&model=beta-mini$"))


def test_without_script_the_form_is_sent_with_its_empty_fields(plain_page: Page) -> None:
    plain_page.goto("/models")
    plain_page.get_by_role("searchbox", name="Search", exact=True).fill("alpha")
    plain_page.get_by_role("button", name="Show").click()
    expect(tally(plain_page)).to_have_text(re.compile("^2 of "))


def test_on_a_phone_filters_unfold_and_rows_are_cards(small_page: Page) -> None:
    small_page.goto("/models")
    settle(small_page)
    box = small_page.get_by_role("checkbox", name=re.compile("^vision "))
    expect(box).to_be_hidden()
    small_page.get_by_text("Filters").click()
    box.check()
    expect(rows(small_page)).to_have_count(1)
    expect(box).to_be_visible()
    assert overflow(small_page) <= 0
    assert violations(small_page) == []
    cell = rows(small_page).first.locator("td[data-label=Context]")
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Context"'
