"""A browser, and sites to look at with it.

Playwright's synchronous calls run a loop in the thread of the tests, where those of other folders have one
each. So the browser lasts as long as this folder's tests, and the sites have threads of their own.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from fixtures.browsing import opened
from fixtures.chromium import arguments, require_chromium
from fixtures.hostile import start_hostile
from fixtures.observatory import observatory, start_history, start_observatory
from fixtures.service import start_service
from fixtures.site import Site, running_site
from openmodels.domain.records import Registry
from openmodels.web.built import read_built

Browse = Callable[..., AbstractContextManager[Page]]
"""Opens a page: ``with browse(site, color_scheme="dark") as page``; options are those of a browser's context.
It fails in the end if anything went wrong on it."""


@pytest.fixture(scope="session")
def _chromium() -> str:
    assert read_built().names, "the pages' scripts and styles were not built: run `make assets`"
    return str(require_chromium())


@pytest.fixture(scope="package")
def browser(_chromium: str) -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_chromium, args=arguments())
        yield started
        started.close()


@pytest.fixture
def browse(browser: Browser) -> Browse:
    """How a page of a site is opened, with whatever options."""

    def browse(site: Site, **options: Any) -> AbstractContextManager[Page]:
        return opened(browser, site.url, **options)

    return browse


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """A site with some of everything. Shared: what a test records or publishes, others see."""
    with running_site(start_observatory) as running:
        yield running


@pytest.fixture(scope="package")
def quiet_site() -> Iterator[Site]:
    """The same without telemetry. Shared: nothing may be recorded."""
    with running_site(partial(start_history, observatory())) as running:
        yield running


@pytest.fixture(scope="package")
def empty_site() -> Iterator[Site]:
    """A site over a registry without records. Shared: nothing may be published."""
    with running_site(partial(start_service, Registry())) as running:
        yield running


@pytest.fixture(scope="package")
def hostile_site() -> Iterator[Site]:
    """A site whose every text wants to do harm (``fixtures.hostile``)."""
    with running_site(start_hostile) as running:
        yield running


@pytest.fixture
def own_site() -> Iterator[Site]:
    """A site like ``site`` that a test has for itself: to stop, to start again, to record what it likes."""
    with running_site(start_observatory) as running:
        yield running


@pytest.fixture
def page(browse: Browse, site: Site) -> Iterator[Page]:
    """A page of ``site``, 1440 pixels wide, light; paths are enough: ``page.goto("/models")``."""
    with browse(site) as opened_page:
        yield opened_page


@pytest.fixture
def plain_page(browse: Browse, site: Site) -> Iterator[Page]:
    """The same without script."""
    with browse(site, java_script_enabled=False) as opened_page:
        yield opened_page


@pytest.fixture
def small_page(browse: Browse, site: Site) -> Iterator[Page]:
    """The same with script, on a phone."""
    with browse(site, viewport={"width": 360, "height": 740}, has_touch=True) as opened_page:
        yield opened_page
