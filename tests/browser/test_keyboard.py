"""The keyboard alone reaches everything, shows where it is, and does what the mouse does."""

import pytest
from playwright.sync_api import Page, expect

from browser.looks import PAGES, Look
from fixtures.browsing import settle

# What a person can use, numbered in the order of the document. Of a group of radio buttons Tab reaches one.
MARK = """() => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  const radios = new Set();
  const found = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'], iframe")]
    .filter(one => !one.disabled && one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true })
      && !one.closest("dialog:not([open]), [inert]"));
  const usable = found.filter(one => {
    if (one.type !== "radio") return true;
    const group = one.form ? [...one.form.elements[one.name]] : [one];
    return group.some(other => other.checked) ? one.checked : group[0] === one;
  });
  usable.forEach((one, number) => { one.dataset.usable = number; });
  return usable.length;
}"""
# Where the focus is: which of them, and whether one can see that it is there.
WHERE = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const bar = document.querySelector("header.top")?.getBoundingClientRect();
  const hidden = bar && !one.closest("header.top, .skip") && box.bottom <= bar.bottom;
  const outside = box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth;
  // A field for dates has places to be in that the browser marks itself.
  const own = one.type === "date" && !one.matches(":focus-visible");
  return {
    number: one.dataset.usable === undefined ? -1 : Number(one.dataset.usable),
    marked: own || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
    seen: box.width > 0 && box.height > 0 && !hidden && !outside,
    html: one.outerHTML.slice(0, 160),
  };
}"""
LOOKS = [look for look in PAGES if look.name != "API"]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_it_reaches_everything_and_shows_where_it_is(page: Page, look: Look) -> None:
    page.goto(look.path)
    settle(page)
    count = page.evaluate(MARK)
    reached: list[int] = []
    for _ in range(2 * count + 20):
        page.keyboard.press("Tab")
        where = page.evaluate(WHERE)
        if where is None:
            break
        assert where["marked"], f"nothing shows that the focus is on {where['html']}"
        assert where["seen"], f"the focus is where nobody sees it: {where['html']}"
        reached.append(where["number"])
    else:
        pytest.fail("the focus is caught and never leaves the page")
    missed = sorted(set(range(count)) - set(reached))
    assert [
        page.locator(f"[data-usable='{number}']").first.evaluate("e => e.outerHTML") for number in missed
    ] == []
    assert [number for number in reached if number >= 0] == sorted(
        number for number in reached if number >= 0
    ), "the order of the focus is not that of the page"


def test_the_first_link_leads_past_the_header(page: Page) -> None:
    page.goto("/models")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_enter_follows_links_and_sends_forms(page: Page) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Providers").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/providers")
    page.goto("/models")
    field = page.locator("main").get_by_role("searchbox").first
    field.fill("alpha")
    field.press("Enter")
    page.wait_for_url("**/models?*search=alpha*")
    expect(page.locator("main").get_by_role("link", name="Alpha One")).to_be_visible()


def test_space_and_enter_open_and_close_what_is_folded(page: Page) -> None:
    page.goto("/models/alpha-1")
    folded = page.locator("main details:not([open]) > summary").first
    folded.focus()
    for key, opened in (("Space", True), ("Enter", False)):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.parentElement.open") is opened


def test_space_switches_between_light_and_dark_and_the_choice_is_kept(page: Page) -> None:
    page.goto("/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch between light and dark").focus()
    page.keyboard.press("Space")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
