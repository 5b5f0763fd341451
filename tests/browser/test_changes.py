"""What changed, with script: filters and pages without leaving the page."""

import re

from playwright.sync_api import Page, expect


def test_a_tick_filters_and_a_step_back_undoes_it(page: Page) -> None:
    page.goto("/changes")
    items = page.locator("#changes .change")
    every = items.count()
    page.evaluate("window.stayed = true")
    page.get_by_label("new", exact=True).check()
    expect(page).to_have_url(re.compile(r"/changes\?action=added$"))
    expect(page.get_by_role("link", name="These changes as an Atom feed")).to_be_visible()
    assert items.count() < every
    page.go_back()
    expect(items).to_have_count(every)
    expect(page.get_by_label("new", exact=True)).not_to_be_checked()
    assert page.evaluate("window.stayed")


def test_pages_lead_on_and_back(page: Page) -> None:
    page.goto("/changes?limit=2")
    items = page.locator("#changes .change")
    first = items.all_inner_texts()
    page.get_by_role("link", name="Older").click()
    expect(page).to_have_url(re.compile("cursor="))
    expect(items.first).not_to_have_text(first[0])
    page.get_by_role("link", name="Newer").click()
    expect(page).to_have_url(re.compile("after="))
    expect(page.get_by_role("link", name="Newest")).to_have_count(0)
    assert items.all_inner_texts() == first


def test_filters_work_without_script(plain_page: Page) -> None:
    plain_page.goto("/changes")
    plain_page.get_by_label("price", exact=True).check()
    plain_page.get_by_role("button", name="Show").click()
    expect(plain_page).to_have_url(re.compile("topic=price"))
    expect(plain_page.locator("#changes .trend").first).to_be_visible()
    expect(plain_page.get_by_label("price", exact=True)).to_be_checked()
