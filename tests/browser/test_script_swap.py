"""Filters and pages of lists without loading the page anew."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

MARK = "document.documentElement.dataset.kept = 'yes'"
"""What a page that is loaded anew does not have."""


@pytest.fixture
def models(page: Page) -> Iterator[Page]:
    page.goto("/models")
    page.evaluate(MARK)
    yield page
    expect(page.locator("html")).to_have_attribute("data-kept", "yes")


def search(page: Page) -> Locator:
    return page.locator("main").get_by_role("searchbox").first


def test_typing_narrows_the_list_and_stays_in_the_field(models: Page) -> None:
    count = models.evaluate("history.length")
    search(models).press_sequentially("alpha one", delay=10)
    expect(models).to_have_url(re.compile(r"search=alpha(\+|%20)one"))
    expect(models.locator("main").get_by_role("link", name="Alpha One", exact=True)).to_be_visible()
    expect(models.locator("main").get_by_role("link", name=re.compile("flock"))).to_have_count(0)
    expect(search(models)).to_be_focused()
    expect(search(models)).to_have_value("alpha one")
    assert models.evaluate("history.length") == count


def test_another_page_of_the_list_is_a_step_and_back_leads_to_the_first(models: Page) -> None:
    main = models.locator("main")
    first = main.locator("tbody tr a").first.inner_text()
    main.get_by_role("link", name="Next").click()
    expect(models).to_have_url(re.compile("page=2"))
    expect(main.locator("tbody tr a").first).not_to_have_text(first)
    models.go_back()
    expect(models).to_have_url(re.compile("/models$"))
    expect(main.locator("tbody tr a").first).to_have_text(first)
    models.go_forward()
    expect(models).to_have_url(re.compile("page=2"))
    expect(main.locator("tbody tr a").first).not_to_have_text(first)


def test_a_choice_is_a_step_and_back_takes_it_from_the_field_too(models: Page) -> None:
    chosen = models.locator("main form[data-swap] select").first
    before = chosen.input_value()
    values = chosen.locator("option").evaluate_all("options => options.map(one => one.value)")
    other = next(value for value in values if value != before)
    chosen.select_option(other)
    expect(models).to_have_url(re.compile(re.escape(other)))
    models.go_back()
    expect(models).to_have_url(re.compile("/models$"))
    expect(chosen).to_have_value(before)


def test_only_the_last_of_quick_questions_is_shown(models: Page) -> None:
    search(models).fill("gamma")
    models.wait_for_timeout(260)
    search(models).fill("alpha one")
    expect(models).to_have_url(re.compile("alpha"))
    expect(models.locator("main").get_by_role("link", name="Alpha One", exact=True)).to_be_visible()
    expect(models.locator("[aria-busy=true]")).to_have_count(0)


def test_it_says_that_the_server_cannot_be_reached_and_goes_on_when_it_can(models: Page) -> None:
    models.route("**/models?*", lambda route: route.abort())
    search(models).fill("alpha one")
    told = models.get_by_text("The server cannot be reached.")
    expect(told).to_be_visible()
    expect(models.locator("[aria-busy=true]")).to_have_count(0)
    models.unroute("**/models?*")
    search(models).fill("alpha on")
    expect(models).to_have_url(re.compile("alpha"))
    expect(told).to_be_hidden()


def test_a_link_that_opens_elsewhere_is_left_to_the_browser(models: Page) -> None:
    with models.context.expect_page() as other:
        models.locator("main").get_by_role("link", name="Next").click(modifiers=["ControlOrMeta"])
    other.value.close()
    expect(models).to_have_url(re.compile("/models$"))
