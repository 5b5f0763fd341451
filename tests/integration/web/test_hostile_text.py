"""Texts that want to do harm, in the pages' HTML: what is read from them is what they are."""

import asyncio
import json
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from fixtures.hostile import (
    DIRECTIONS,
    LONG,
    LONG_ID,
    MARKED,
    PATHS,
    QUOTES,
    SCRIPT,
    path_name,
    start_hostile,
    text,
)
from fixtures.markup import Element, parse
from fixtures.service import Service
from openmodels.web.words import plain

pytestmark = pytest.mark.anyio

CONTROLS = frozenset("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
"""What turns the text after it round, until it is ended."""
ISOLATING = frozenset({"bdi", "code", "textarea", "option", "title", "script"})
"""Elements that keep a direction in; ``code`` by the style of every page."""
INLINE = frozenset(
    {"a", "abbr", "b", "code", "em", "i", "kbd", "small", "span", "strong", "time", "bdi", "svg"}
)
"""Elements after which a line goes on. After all others another begins, with the page's own direction."""
WITHOUT_END = frozenset({"meta", "link", "input", "br", "hr", "img", "col", "path"})


class Strict(HTMLParser):
    """The page's attributes, and its texts by the blocks that they stand in."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.blocks: dict[int, list[tuple[set[str], str]]] = {}
        """By block: its texts in their order, each with the elements around it."""
        self.attributes: list[tuple[str, str, str]] = []
        self._open: list[str] = []
        self._opened: list[int] = []
        self._count = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in WITHOUT_END:
            self._open.append(tag)
            self._count += 1
            self._opened.append(self._count)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if tag not in WITHOUT_END:
            assert self._open.pop() == tag
            self._opened.pop()

    def handle_data(self, data: str) -> None:
        places = zip(reversed(self._open), reversed(self._opened), strict=True)
        block = next((number for tag, number in places if tag not in INLINE), 0)
        if data.strip():
            self.blocks.setdefault(block, []).append((set(self._open), data))

    def spread(self) -> list[str]:
        """The texts that turn round what comes after them."""
        return [
            f"{data[:60]} … {texts[at + 1][1][:60]}"
            for texts in self.blocks.values()
            for at, (inside, data) in enumerate(texts[:-1])
            if CONTROLS & set(data) and not ISOLATING & inside
        ]


@pytest.fixture(scope="module")
def hostile() -> Service:
    """A service over all of it. Shared: a test must not change what it holds."""
    return asyncio.run(start_hostile())


@pytest.fixture(scope="module")
def pages(hostile: Service) -> dict[str, str]:
    """Every page, by its path."""

    async def read() -> dict[str, str]:
        return {path: (await hostile.get(path, accept="text/html")).text for path in PATHS}

    return asyncio.run(read())


each = pytest.mark.parametrize("path", PATHS, ids=path_name)


def scripts(page: Element) -> list[dict[str, object]]:
    found = page.all("script", type="application/ld+json")
    return [json.loads("".join(str(child) for child in script.children)) for script in found]


def names(item: object) -> Iterator[str]:
    """Every name in structured data, however deep."""
    if isinstance(item, list):
        for part in item:
            yield from names(part)
    if isinstance(item, dict):
        for name, value in item.items():
            if name == "name" and isinstance(value, str):
                yield value
            yield from names(value)


@each
async def test_a_page_is_made(hostile: Service, path: str) -> None:
    answer = await hostile.get(path, accept="text/html")
    assert answer.status_code in {200, 400, 404}
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@each
async def test_no_text_becomes_markup(pages: dict[str, str], path: str) -> None:
    read = Strict(pages[path])
    assert SCRIPT not in pages[path]
    for tag, name, value in read.attributes:
        assert not name.startswith("on"), f"{tag} {name}"
        assert name != "style", tag
        if name in {"href", "src", "action"}:
            assert value.startswith(("/", "#", "?", "https://")), f"{tag} {name}={value[:80]}"
    page = parse(pages[path])
    assert len(page.all("h1")) == 1
    inline = [script for script in page.all("script") if "src" not in script]
    assert {script.attributes.get("type") for script in inline} <= {"application/ld+json"}


@each
async def test_no_text_turns_the_page_round(pages: dict[str, str], path: str) -> None:
    read = Strict(pages[path])
    assert read.spread() == []
    titles = [data for texts in read.blocks.values() for inside, data in texts if "title" in inside]
    assert not [data for data in titles if CONTROLS & set(data)]
    said = [
        f"{tag} {name}={value[:80]}"
        for tag, name, value in read.attributes
        if name in {"title", "aria-label", "content", "alt"} and CONTROLS & set(value)
    ]
    assert said == []


async def test_structured_data_holds_the_texts_as_they_are(pages: dict[str, str]) -> None:
    for path in (f"/models/{LONG}", f"/models/{MARKED}"):
        found = scripts(parse(pages[path]))
        assert found
        assert SCRIPT in json.dumps(found)
        assert plain(text("model")) in {plain(name) for name in names(found)}


async def test_attributes_hold_the_texts_as_they_are(pages: dict[str, str]) -> None:
    page = parse(pages[f"/models/{LONG}"])
    description = page.one("meta", name="description")["content"]
    assert QUOTES.split(maxsplit=1)[0] in description
    assert not CONTROLS & set(description)
    assert DIRECTIONS not in description
    assert page.one("link", rel="canonical")["href"] == f"/models/{LONG_ID}"
