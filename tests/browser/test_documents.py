"""The documentation: code to copy, headings to link to, and pages to turn by keyboard."""

import re

from playwright.sync_api import Page, expect


def test_code_can_be_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/docs/quickstart")
    page.locator("article [data-copy]").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == page.locator("article pre").first.inner_text().strip() != ""


def test_a_heading_leads_to_itself_below_the_header(page: Page) -> None:
    page.goto("/docs/telemetry")
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="The ranking").click()
    expect(page).to_have_url(re.compile("#the-ranking$"))
    heading = page.get_by_role("heading", name="The ranking")
    expect(heading).to_be_in_viewport()
    header = page.locator(".top").bounding_box()
    place = heading.bounding_box()
    assert header is not None
    assert place is not None
    assert place["y"] >= header["y"] + header["height"]


def test_one_document_leads_to_the_next_by_keyboard(small_page: Page) -> None:
    small_page.goto("/docs/quickstart")
    turn = small_page.get_by_role("navigation", name="Neighbouring documents")
    turn.get_by_role("link").focus()
    small_page.keyboard.press("Enter")
    expect(small_page).to_have_url(re.compile("/docs/pages$"))
