import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.api.wire import page_links

NAMES = ("search", "limit")


class Everything:
    """As if every parameter were declared."""

    def __contains__(self, name: object) -> bool:
        return True


EVERYTHING = Everything()

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def links_of(header: str) -> dict[str, str]:
    """By relation; fails on anything that RFC 8288 does not allow here."""
    found = {}
    for link in header.split(", "):
        matched = re.fullmatch(r'<([!-;=?-~]*)>; rel="([a-z]+)"', link)
        assert matched is not None, link
        assert matched[2] not in found
        found[matched[2]] = matched[1]
    return found


def pages_of(header: str) -> dict[str, int]:
    return {
        relation: int(dict(parse_qsl(urlsplit(url).query))["page"])
        for relation, url in links_of(header).items()
    }


@pytest.mark.parametrize(
    ("page", "limit", "total", "pages"),
    [
        (1, 20, 0, {"first": 1, "last": 1}),
        (1, 20, 20, {"first": 1, "last": 1}),
        (1, 20, 21, {"first": 1, "next": 2, "last": 2}),
        (2, 20, 60, {"first": 1, "prev": 1, "next": 3, "last": 3}),
        (3, 20, 60, {"first": 1, "prev": 2, "last": 3}),
        (9, 20, 60, {"first": 1, "prev": 3, "last": 3}),
        (2**53 - 1, 1, 0, {"first": 1, "prev": 1, "last": 1}),
    ],
)
def test_it_links_the_pages_around(page: int, limit: int, total: int, pages: dict[str, int]) -> None:
    assert pages_of(page_links("/api/models", b"", (), page=page, limit=limit, total=total)) == pages


def test_it_writes_the_header_as_rfc_8288_shows() -> None:
    header = page_links("/api/models", b"page=1&limit=5&search=deep+seek", NAMES, page=1, limit=5, total=6)
    assert header == (
        '</api/models?limit=5&search=deep+seek&page=1>; rel="first", '
        '</api/models?limit=5&search=deep+seek&page=2>; rel="next", '
        '</api/models?limit=5&search=deep+seek&page=2>; rel="last"'
    )


@given(
    st.integers(1, 10**6),
    st.integers(1, 100),
    st.integers(0, 10**6),
    st.lists(st.tuples(TEXT, TEXT), max_size=5),
)
def test_it_keeps_every_other_parameter(
    page: int, limit: int, total: int, others: list[tuple[str, str]]
) -> None:
    query = urlencode([*others, ("page", str(page))]).encode()
    header = page_links("/api/models", query, EVERYTHING, page=page, limit=limit, total=total)
    found = links_of(header)
    kept = [pair for pair in others if pair[0] != "page"]
    for relation, url in found.items():
        parts = urlsplit(url)
        assert parts.path == "/api/models"
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        assert pairs[:-1] == kept
        assert pairs[-1] == ("page", str(pages_of(header)[relation]))


def test_it_leaves_out_parameters_that_are_not_declared() -> None:
    header = page_links("/x", b"junk=1&search=a&page=2", NAMES, page=2, limit=1, total=2)
    assert links_of(header)["last"] == "/x?search=a&page=2"


@given(st.integers(1, 1000), st.integers(1, 100), st.integers(0, 10**5))
def test_it_knows_the_last_page(page: int, limit: int, total: int) -> None:
    pages = pages_of(page_links("/x", b"", (), page=page, limit=limit, total=total))
    last = pages["last"]
    assert last == max(1, -(-total // limit))
    assert (last - 1) * limit < max(total, 1) <= max(last * limit, 1)
    assert pages["first"] == 1
    assert ("next" in pages) == (page < last)
    assert ("prev" in pages) == (page > 1)
    assert pages.get("next", page + 1) == page + 1
    assert pages.get("prev", 1) <= last


@given(st.binary(max_size=300))
def test_nobody_can_write_a_header_through_the_query(query: bytes) -> None:
    header = page_links("/api/models", query, EVERYTHING, page=2, limit=20, total=100)
    assert header.isascii()
    assert header.isprintable()
    assert links_of(header).keys() == {"first", "prev", "next", "last"}


@pytest.mark.parametrize(
    "value", ["\r\nSet-Cookie: a=b", '>; rel="last", <https://evil.example/', '"', "<", "\0"]
)
def test_it_quotes_what_would_end_a_link(value: str) -> None:
    header = page_links("/x", urlencode([("search", value)]).encode(), NAMES, page=1, limit=1, total=1)
    assert dict(parse_qsl(urlsplit(links_of(header)["last"]).query))["search"] == value
