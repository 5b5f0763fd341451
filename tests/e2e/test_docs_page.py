"""The interactive API page as it is served: complete, from this host alone, nothing inline."""

import re
from html.parser import HTMLParser

import pytest

from fixtures.service import Service

pytestmark = pytest.mark.anyio

PAGE, STYLE, ICON = "/api/docs", "/api/docs/docs.css", "/api/docs/icon.svg"
SCRIPT, DESCRIBE = "/api/docs/docs.js", "/api/docs/describe.js"
SVG_NAMESPACE = "http://www.w3.org/2000/svg"


class Markup(HTMLParser):
    """What a page holds: elements with their attributes, and the text of inline scripts and styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in {"script", "style"} and data.strip():
            self.inline.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element with that tag."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get("id"))]


async def markup(api: Service) -> Markup:
    return Markup((await api.get(PAGE)).text)


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        (PAGE, "text/html; charset=utf-8"),
        (SCRIPT, "text/javascript; charset=utf-8"),
        (DESCRIBE, "text/javascript; charset=utf-8"),
        (STYLE, "text/css; charset=utf-8"),
        (ICON, "image/svg+xml"),
    ],
)
async def test_every_part_is_served_with_its_type(api: Service, path: str, media_type: str) -> None:
    response = await api.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.content


async def test_the_page_may_load_and_run_nothing_but_this_hosts_files(api: Service) -> None:
    header = (await api.get(PAGE)).headers["content-security-policy"]
    policy = {name: set(sources) for name, *sources in (part.split() for part in header.split(";"))}
    assert policy["default-src"] == {"'none'"}
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == {"'self'"}
    assert {source for sources in policy.values() for source in sources} == {"'none'", "'self'"}


@pytest.mark.parametrize("path", [PAGE, SCRIPT, DESCRIBE, STYLE, ICON])
async def test_nothing_names_another_host(api: Service, path: str) -> None:
    source = (await api.get(path)).text.replace(SVG_NAMESPACE, "")
    assert re.findall(r"(?:https?|wss?):|[\"'(]//\w|@import|url\(", source) == []


async def test_every_resource_of_the_page_is_served(api: Service) -> None:
    page = await markup(api)
    targets = [
        item.get("src") or item.get("href") for tag in ("script", "link", "a") for item in page.all(tag)
    ]
    for target in targets:
        assert target is not None
        if target.startswith("#"):
            assert target[1:] in page.ids
        else:
            assert (await api.get(target)).status_code == 200, target


async def test_the_page_has_no_inline_script_style_or_handler(api: Service) -> None:
    page = await markup(api)
    assert page.inline == []
    assert page.all("style") == []
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
        assert not [value for value in attributes.values() if value and "javascript:" in value], tag


@pytest.mark.parametrize("path", [SCRIPT, DESCRIBE])
async def test_the_scripts_put_text_into_the_page_as_text_only(api: Service, path: str) -> None:
    script = (await api.get(path)).text
    unsafe = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTML"
        r"|\beval\b|\bFunction\(|\bimport\s*\(|\.on[a-z]+\s*=|\.cssText|[\"']style[\"']|setTimeout\([\"'`]"
    )
    assert re.findall(unsafe, script) == []


async def test_the_scripts_take_from_each_other_only_what_there_is(api: Service) -> None:
    scripts = {path: (await api.get(path)).text for path in (SCRIPT, DESCRIBE)}
    imports = re.findall(r"^import \{([^}]*)\} from \"\./([^\"]+)\";", scripts[SCRIPT], re.MULTILINE)
    assert imports, "the script's way of importing has changed: mend this test"
    for names, file in imports:
        wanted = {name.strip() for name in names.split(",")} - {""}
        given = re.findall(
            r"^export (?:async )?(?:function|const) (\w+)", scripts[f"{PAGE}/{file}"], re.MULTILINE
        )
        assert wanted == set(given)
    assert "import" not in scripts[DESCRIBE]


async def test_every_id_that_the_script_asks_for_exists_once(api: Service) -> None:
    page, script = await markup(api), (await api.get(SCRIPT)).text
    asked = set(re.findall(r"(?:byId|getElementById)\(\"([^\"]+)\"\)", script))
    assert asked, "the script's way of asking for elements has changed: mend this test"
    assert asked <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


async def test_the_page_can_be_read_by_everyone(api: Service) -> None:
    page = await markup(api)
    assert page.all("html") == [{"lang": "en"}]
    for tag in ("title", "h1", "main", "nav", "noscript"):
        assert len(page.all(tag)) == 1, tag
    labelled = {label.get("for") for label in page.all("label")}
    assert {control.get("id") for control in page.all("input")} <= labelled
    assert [attributes for _, attributes in page.elements if attributes.get("role") == "status"]


async def test_without_script_the_page_points_to_the_description(api: Service) -> None:
    source = (await api.get(PAGE)).text
    without = re.search(r"<noscript>(.*?)</noscript>", source, re.DOTALL)
    assert without is not None
    assert 'href="/api/openapi.json"' in without[1]


async def test_the_style_suits_dark_screens_and_phones(api: Service) -> None:
    style = (await api.get(STYLE)).text
    assert "prefers-color-scheme: dark" in style
    assert ":focus-visible" in style
    assert re.search(r"@media \(max-width: \d+rem\)", style)
