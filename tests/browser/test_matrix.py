"""Every page at every width, light and dark, with script and without."""

import pytest
from playwright.sync_api import Page, Response

from browser.conftest import Browse
from browser.looks import PAGES, Look
from fixtures.browsing import overflow, settle, shifted, violations, watch_shifts
from fixtures.site import Site

PHONE, TABLET, DESK = 360, 768, 1440
HEIGHT = 900
MOST_SHIFT = 0.05
"""Half of what is held to be good."""

looks = pytest.mark.parametrize("look", PAGES, ids=lambda look: look.name)


def resize(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHT})


def wear(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")


def went(page: Page, look: Look) -> None:
    answer: Response | None = page.goto(look.path)
    assert answer is not None
    assert answer.status == look.status


def assert_fits(page: Page, width: int) -> None:
    resize(page, width)
    assert overflow(page) <= 0, f"too wide at {width} pixels"


@looks
def test_it_fits_stands_still_and_can_be_used_by_all(browse: Browse, site: Site, look: Look) -> None:
    with browse(site) as page:
        watch_shifts(page)
        for width, scheme, other in ((DESK, "light", "dark"), (PHONE, "dark", "light")):
            resize(page, width)
            wear(page, scheme)
            went(page, look)
            page.wait_for_selector(look.needs)
            settle(page)
            assert shifted(page) <= MOST_SHIFT, f"it moves at {width} pixels"
            assert page.locator("h1:visible").count() == 1
            assert_fits(page, width)
            assert violations(page, within=look.within) == [], f"{scheme}, at {width} pixels"
            # What else axe-core looks for is the same in both.
            wear(page, other)
            assert violations(page, rules=["color-contrast"], within=look.within) == [], (
                f"{other}, at {width} pixels"
            )
        assert_fits(page, TABLET)


@looks
def test_it_is_complete_without_script(browse: Browse, site: Site, look: Look) -> None:
    with browse(site, java_script_enabled=False) as page:
        went(page, look)
        assert page.locator("h1:visible").count() == 1
        assert page.locator("main").inner_text().strip()
        for width in (DESK, TABLET, PHONE):
            assert_fits(page, width)
