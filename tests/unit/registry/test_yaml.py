from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from openmodels.registry.yaml import MAX_BYTES, Document, locate, parse


def codes(document: Document) -> list[str]:
    return [placed.fault.code for placed in document.faults]


def only(text: str | bytes) -> tuple[str, tuple[int, int]]:
    document = parse(text.encode() if isinstance(text, str) else text)
    (placed,) = document.faults
    return placed.fault.code, placed.place


def test_it_builds_plain_data() -> None:
    text = b"a: [1, x, {b: null}]\nc:\n  d: 'no'\n  e: |\n    two\n    lines\n"
    document = parse(text)
    assert document.data == {"a": [1, "x", {"b": None}], "c": {"d": "no", "e": "two\nlines\n"}}
    assert not document.faults
    assert document.trailing_newline


def test_it_reads_windows_lines_and_a_byte_order_mark() -> None:
    assert parse(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n").data == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("", "empty-file", (1, 1)),
        ("# a comment only\n", "empty-file", (1, 1)),
        ("---\n", "empty-file", (1, 1)),
        ("a: 1\na: 2\n", "duplicate-key", (2, 1)),
        ("a: 1\n'a': 2\n", "duplicate-key", (2, 1)),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "duplicate-key", (4, 3)),
        ("a: 1\n\tb: 2\n", "yaml-tab", (2, 1)),
        ("a: b: c\n", "yaml-syntax", (1, 5)),
        ("a: 'open\n", "yaml-syntax", (2, 1)),
        ("a: [1, 2\nb: 3\n", "yaml-syntax", (2, 2)),
        ("a: &x 1\n", "yaml-alias", (1, 4)),
        ("a: *x\n", "yaml-alias", (1, 4)),
        ("a: !!python/object/apply:os.system ['true']\n", "yaml-tag", (1, 4)),
        ("a: !!str 1\n", "yaml-tag", (1, 4)),
        ("a: ! 1\n", "yaml-tag", (1, 4)),
        ("a: 1\n--- \nb: 2\n", "several-documents", (2, 1)),
        ("a: 1\n...\nb: 2\n", "yaml-syntax", (3, 1)),
        ("1: a\n", "non-string-key", (1, 1)),
        ("null: a\n", "non-string-key", (1, 1)),
        ("? [a, b]\n: c\n", "non-string-key", (1, 3)),
        ("a: .nan\n", "bad-number", (1, 4)),
        ("a: 1\nb: x\x00\n", "control-character", (2, 5)),
        ("a: 1\r\nb: \x1b[31m\n", "control-character", (2, 4)),
        ("a: \x9b31m\n", "control-character", (1, 4)),
        ("a: x\u2028y\n", "control-character", (1, 5)),
        ('a: "\\e[31m"\n', "control-character", (1, 4)),
        ('a: "\\0"\n', "control-character", (1, 4)),
        (b"a: 1\nb: \xe9\n", "not-utf8", (2, 4)),
        ("a: 1".encode("utf-16"), "not-utf8", (1, 1)),
        (b"a" * (MAX_BYTES + 1), "too-large", (1, 1)),
    ],
)
def test_it_refuses_what_is_no_plain_record_and_says_where(
    text: str | bytes, code: str, place: tuple[int, int]
) -> None:
    assert only(text) == (code, place)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10**6,
        "{a: " * 250_000,
        "- " * 500_000,
        "? " * 500_000,
        "[a, " * 250_000,
        "[" + "a," * 499_000 + "]",
        "\n".join(f"k{n}: v" for n in range(80_000)),
        "---\n" * 250_000,
        '"' + "\n" * 900_000,
        "&a " * 300_000,
        "!" * 10**6,
        "a: " * 300_000,
        "a: |\n" + " \n" * 400_000,
        "%" * 10**6,
        "'" * 999_999,
    ],
)
def test_it_refuses_a_megabyte_of_anything(text: str) -> None:
    document = parse(text.encode())
    # Whether the size or the syntax is what is wrong, it is told as a few faults.
    assert document.faults or document.data == {"a": "\n" * 400_000} or isinstance(document.data, str | dict)
    assert len(document.faults) < 30


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[a, "])
def test_it_bounds_depth(opening: str) -> None:
    assert "yaml-too-deep" in codes(parse((opening * 100_000).encode()))


def test_it_never_expands_a_billion_laughs() -> None:
    lines = ["a0: &a0 [lol, lol]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    document = parse("\n".join(lines).encode())
    assert set(codes(document)) == {"yaml-alias"}
    assert document.data["a29"] == [None] * 9


def test_it_refuses_a_value_that_holds_itself() -> None:
    assert codes(parse(b"a: &a [*a]\n")) == ["yaml-alias", "yaml-alias"]


def test_it_finds_every_duplicate_and_keeps_the_first_value() -> None:
    document = parse(b"a: 1\nb: 2\na: {c: 3}\nb: [4]\nd: 5\n")
    assert codes(document) == ["duplicate-key", "duplicate-key"]
    assert document.data == {"a": 1, "b": 2, "d": 5}
    assert [placed.fault.path for placed in document.faults] == [("a",), ("b",)]


def test_it_goes_on_after_a_key_that_is_a_mapping() -> None:
    document = parse(b"{a: 1}: {b: 2}\nc: 3\n")
    assert codes(document) == ["non-string-key"]
    assert document.data == {"c": 3}


def test_it_says_what_to_do_about_a_colon_in_a_value() -> None:
    (placed,) = parse(b"description: Fast: and cheap\n").faults
    assert "in quotes" in str(placed.fault.hint)


def test_it_locates_keys_and_values() -> None:
    places = locate(b"a: 1\nb:\n  - x\n  - c: y\n    d: [z]\n")
    assert places[("a",)] == ((1, 1), (1, 4))
    assert places[("b",)] == ((2, 1), (3, 3))
    assert places["b", 0].value == (3, 5)
    assert places["b", 1, "c"] == ((4, 5), (4, 8))
    assert places["b", 1, "d", 0].value == (5, 9)


def test_it_locates_as_much_as_can_be_read() -> None:
    assert ("a",) in locate(b"a: 1\nb: [\n")


def test_it_works_without_the_c_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert parse(b"a: [0.10, no]\nb: 'x'\n").data["a"][1] == "no"
    assert only("a: 1\n\tb: 2\n") == ("yaml-tab", (2, 1))
    assert only("a: 1\na: 2\n") == ("duplicate-key", (2, 1))
    assert only('a: "\\ud800"\n')[0] == "control-character"


@settings(deadline=None)
@given(st.binary(max_size=300))
@example(b"%YAML 99999999999999999999.1\n---\na: 1\n")
@example(b'"\\UFFFFFFFF"')
def test_it_reads_or_refuses_any_bytes(raw: bytes) -> None:
    document = parse(raw)
    assert document.faults or document.data is not None
    assert isinstance(locate(raw), dict)


yaml_like = st.text(alphabet="ab:-[]{}?&*!|>'\"#%, \n\t\\0123456789.~", max_size=200)


@settings(deadline=None)
@given(yaml_like)
def test_it_reads_or_refuses_any_text_that_looks_like_yaml(text: str) -> None:
    document = parse(text.encode())
    assert document.faults or document.data is not None


plain_data: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text("abcé€ :#-\n'\"", max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc: ", max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=5), plain_data, max_size=5))
def test_it_reads_back_what_was_written_and_locates_all_of_it(data: dict[str, Any]) -> None:
    text = yaml.safe_dump(data, allow_unicode=True)
    document = parse(text.encode())
    assert document.data == (data or {})
    places = locate(text.encode())

    def visit(value: Any, path: tuple[str | int, ...]) -> None:
        assert path in places
        pairs = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for step, inner in pairs:
            visit(inner, (*path, step))

    visit(data, ())
