"""Charts: drawn from their tables, by colour and by more than colour."""

import pytest
from playwright.sync_api import Locator, Page, expect

from fixtures.browsing import violations

# The colours of a canvas, read from a copy: Chromium warns of one that is drawn on and read in turns.
INK = """canvas => {
  const copy = canvas.cloneNode();
  const context = copy.getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height), counts = {};
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < 200) continue;
    const colour = `${data[i]} ${data[i + 1]} ${data[i + 2]}`;
    counts[colour] = (counts[colour] || 0) + 1;
  }
  return counts;
}"""


@pytest.fixture
def chart(page: Page) -> Locator:
    page.goto("/models/alpha-1")
    figure = page.locator("figure[data-chart=line]:visible").first
    expect(figure.locator("canvas")).to_be_visible()
    return figure


def test_it_is_a_picture_with_a_text_and_its_figures(chart: Locator) -> None:
    picture = chart.get_by_role("img")
    label = picture.get_attribute("aria-labelledby") or ""
    assert chart.locator(f"figcaption#{label}").inner_text().strip()
    chart.get_by_text("Show the figures").click()
    expect(chart.get_by_role("table")).to_be_visible()
    assert chart.get_by_role("row").count() > 2


def test_the_legend_switches_series_by_keyboard(chart: Locator) -> None:
    button = chart.locator(".legend button").first
    expect(button).to_have_attribute("aria-pressed", "true")
    before = chart.locator("canvas").evaluate(INK)
    button.focus()
    button.press("Space")
    expect(button).to_have_attribute("aria-pressed", "false")
    chart.page.wait_for_timeout(50)
    assert chart.locator("canvas").evaluate(INK) != before
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    assert violations(chart.page) == []


def test_series_differ_in_dash_and_mark_too(chart: Locator) -> None:
    looks = chart.locator(".legend svg").evaluate_all("all => all.map(one => one.innerHTML)")
    assert len(looks) > 1
    assert len(set(looks)) == len(looks)


def test_a_tooltip_says_the_values_with_their_units(chart: Locator) -> None:
    chart.scroll_into_view_if_needed()
    box = chart.locator(".u-over").bounding_box()
    assert box is not None
    chart.page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
    tip = chart.locator(".tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("UTC")
    expect(tip).to_contain_text("ms")
    chart.page.mouse.move(0, 0)
    expect(tip).to_be_hidden()


def test_it_takes_the_colours_of_another_theme_and_the_width_of_another_window(chart: Locator) -> None:
    canvas = chart.locator("canvas")
    before = set(canvas.evaluate(INK))
    chart.page.get_by_role("button", name="Switch between light and dark").click()
    chart.page.wait_for_timeout(50)
    after = set(canvas.evaluate(INK))
    assert len(before & after) < len(before) / 2
    chart.page.set_viewport_size({"width": 360, "height": 740})
    chart.page.wait_for_timeout(100)
    width = canvas.evaluate("one => one.getBoundingClientRect().width")
    assert 200 < width <= 360


def test_pages_without_charts_load_none(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/docs")
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if "charts" in url] == []
