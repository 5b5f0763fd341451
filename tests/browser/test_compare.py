"""Comparing with script: what is typed, ticked, chosen and taken away."""

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from browser.conftest import Browse
from contract.builders import measurement
from fixtures.service import NOW
from fixtures.site import Site

TWO = "/compare?model=alpha-1&model=gamma-free"


def heads(page: Page) -> list[str]:
    return page.locator(".comparison thead th > a:first-child").all_inner_texts()


def test_models_are_added_and_taken_away(page: Page) -> None:
    page.goto("/compare")
    for number, name in enumerate(("alpha-1", "cirrus/gamma-free")):
        page.get_by_label(re.compile("model or an offering")).fill(name)
        page.get_by_role("button", name="Add").click()
        expect(page.locator(".comparison thead th")).to_have_count(number + 1)
    assert heads(page) == ["Alpha One", "Gamma Free"]
    page.get_by_role("link", name="Take away Alpha One").click()
    expect(page.locator(".comparison thead th")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/compare\?offering=cirrus(/|%2F)gamma-free$"))
    page.go_back()
    expect(page.locator(".comparison thead th")).to_have_count(2)


def test_only_differences_are_shown_at_a_tick_without_leaving_the_page(page: Page) -> None:
    page.goto(TWO)
    rows = page.locator(".comparison tbody th[scope=row]")
    every = rows.count()
    page.evaluate("window.stayed = true")
    page.get_by_label("Only differences").check()
    expect(page).to_have_url(re.compile("differences=true"))
    expect(page.locator(".comparison [aria-busy]")).to_have_count(0)
    expect(rows.filter(has_text="differs")).to_have_count(rows.count())
    assert rows.count() < every
    assert page.evaluate("window.stayed")
    page.get_by_label("Measured over", exact=True).select_option("the last 24 hours")
    expect(page).to_have_url(re.compile("period=24h&differences=true|differences=true&period=24h"))
    page.go_back()
    page.go_back()
    expect(page.get_by_label("Only differences")).not_to_be_checked()
    expect(rows).to_have_count(every)


def test_price_against_speed_is_drawn_and_each_model_has_a_place_in_the_legend(
    browse: Browse, own_site: Site
) -> None:
    own_site.record(measurements=[measurement("nimbus", "gamma-free", NOW - timedelta(hours=1))])
    with browse(own_site) as page:
        page.goto(TWO)
        figure = page.locator("#price-speed")
        expect(figure.locator("canvas")).to_be_visible()
        expect(figure.locator(".legend button")).to_have_text(["Alpha One", "Gamma Free"])


def test_the_first_column_stays_while_the_others_scroll(small_page: Page) -> None:
    small_page.goto(TWO + "&model=beta-mini&model=delta-embed")
    table = small_page.get_by_role("region", name="Comparison")
    first = table.locator("tbody th[scope=row]").first
    before = first.bounding_box()
    table.evaluate("element => element.scrollBy({ left: 200, behavior: 'instant' })")
    assert table.evaluate("element => element.scrollLeft") == 200
    assert before == first.bounding_box()
