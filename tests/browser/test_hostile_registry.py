"""A registry whose every text wants to do harm: nothing of it runs, breaks out, or breaks the page."""

import pytest
from playwright.sync_api import Page

from browser.conftest import Browse
from fixtures.browsing import overflow, settle
from fixtures.hostile import LISTS, PATHS, SCRIPT, TEMPLATE, path_name
from fixtures.site import Site

WIDTHS = (1440, 768, 360)
HARM = "window.harmed = 0; window.hostile = () => { window.harmed += 1; };"
SUSPECTS = r"""() => [...document.querySelectorAll("*")].flatMap(element => [...element.attributes]
  .filter(({ name, value }) => name.startsWith("on")
    || ["href", "src", "action", "formaction"].includes(name)
      && /^\s*(javascript|data|vbscript):/i.test(value))
  .map(({ name, value }) => `${element.tagName} ${name}=${value.slice(0, 80)}`))"""
"""Attributes that could run something."""


@pytest.mark.parametrize("path", PATHS, ids=path_name)
def test_nothing_runs_and_nothing_breaks(browse: Browse, hostile_site: Site, path: str) -> None:
    with browse(hostile_site) as page:
        page.add_init_script(HARM)
        answer = page.goto(path)
        assert answer is not None
        assert answer.status in {200, 400, 404}
        settle(page)
        assert page.evaluate(SUSPECTS) == []
        assert page.locator("h1").count() == 1
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert overflow(page) <= 0, f"too wide at {width} pixels"
        assert_stands(page)
        if path in LISTS:
            said = page.locator("main").text_content() or ""
            assert SCRIPT in said
            assert TEMPLATE in said
        assert page.evaluate("window.harmed") == 0


def assert_stands(page: Page) -> None:
    """The page's own parts are where they belong: no text turned them round or swallowed them."""
    for landmark in ("header.top", "main#main", "footer.foot"):
        assert page.locator(landmark).count() == 1
    assert (
        page.locator("body > *").evaluate_all("all => all.map(one => getComputedStyle(one).direction)")
        == ["ltr"] * page.locator("body > *").count()
    )
    assert page.locator("footer.foot").bounding_box() is not None
