"""The page of a model in a browser: calculator, order, code."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, Route, expect


def test_the_calculator_works_as_numbers_are_typed_and_keeps_the_focus(page: Page) -> None:
    page.goto("/models/alpha-1")
    shown = page.locator("#costs")
    page.get_by_label("Input tokens", exact=True).fill("20000")
    expect(shown).to_contain_text("20,000 input and 0 output tokens")
    expect(page.get_by_label("Input tokens", exact=True)).to_be_focused()
    page.get_by_label("As a batch that may wait").check()
    expect(shown).to_contain_text("as a batch")
    expect(page).to_have_url(re.compile(r"input_tokens=20000.*batch=true"))
    page.go_back()
    expect(shown).not_to_contain_text("as a batch")
    expect(page.get_by_label("As a batch that may wait")).not_to_be_checked()


def test_what_one_part_was_asked_is_kept_when_another_is(page: Page) -> None:
    page.goto("/models/alpha-1")
    page.get_by_role("link", name="Output").click()
    expect(page.get_by_label("Sorted by")).to_have_value("output_price")
    expect(page.locator("th[aria-sort]")).to_contain_text("Output")
    page.get_by_label("Requests").fill("7")
    expect(page.locator("#costs")).to_contain_text("7 requests")
    expect(page).to_have_url(re.compile(r"sort=output_price.*requests=7|requests=7.*sort=output_price"))
    page.get_by_label("Region").select_option("global")
    expect(page.locator(".model-offerings tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile("requests=7"))


def test_what_cannot_be_worked_out_is_said_while_it_is_typed(page: Page) -> None:
    page.goto("/models/alpha-1?input_tokens=10")
    page.get_by_label("of them cached").fill("11")
    expect(page.get_by_role("alert")).to_contain_text("Input tokens must be at least 11")
    page.get_by_label("of them cached").fill("5")
    expect(page.locator(".model-costs tbody tr").first).to_be_visible()


def test_languages_can_be_chosen_without_script(plain_page: Page) -> None:
    plain_page.goto("/models/alpha-1")
    expect(plain_page.locator(".tab-curl")).to_be_visible()
    plain_page.get_by_role("radio", name="Python").check()
    expect(plain_page.locator(".tab-python")).to_be_visible()
    expect(plain_page.locator(".tab-curl")).to_be_hidden()


def test_another_provider_has_its_own_code_and_the_language_stays(page: Page) -> None:
    page.goto("/models/alpha-1")
    page.get_by_role("radio", name="Python").check()
    page.get_by_label("Provider", exact=True).select_option("nimbus")
    expect(page.locator(".tab-python")).to_contain_text("nimbus")
    expect(page.locator(".tab-curl")).to_be_hidden()
    expect(page).to_have_url(re.compile("language=python"))


def test_a_choice_that_comes_just_before_an_answer_is_not_lost(page: Page) -> None:
    held: list[Route] = []
    page.clock.install()
    page.goto("/models/alpha-1")
    page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    # Playwright sets an attribute of what it calls, which a method of a list cannot have.
    page.route("**/models/alpha-1?*", lambda route: held.append(route))  # noqa: PLW0108
    page.get_by_role("radio", name="Python").check()
    with page.expect_request("**/models/alpha-1?*"):
        page.clock.run_for(1)
    page.get_by_label("Provider", exact=True).select_option("nimbus")
    held[0].continue_()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.unroute("**/models/alpha-1?*")
    page.clock.run_for(1)
    expect(page.locator(".tab-python")).to_contain_text("nimbus")


def test_it_is_asked_by_forms_alone_without_script(plain_page: Page) -> None:
    plain_page.goto("/models/alpha-1")
    plain_page.get_by_label("Input tokens", exact=True).fill("5000")
    plain_page.get_by_role("button", name="Work out").click()
    expect(plain_page.locator("#costs")).to_contain_text("5,000 input and 0 output tokens")
