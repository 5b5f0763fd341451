from decimal import Decimal

import pytest

from openmodels.errors import SourceUnreadable
from openmodels.registry.importers.document import parse


def test_it_reads_numbers_exactly_as_they_are_written() -> None:
    whole = parse(b'{"a": 0.1, "b": 1.50, "c": 7, "d": 1e-07}', "it")
    assert whole == {"a": Decimal("0.1"), "b": Decimal("1.50"), "c": 7, "d": Decimal("1e-07")}
    assert parse(b"\xef\xbb\xbf[]", "it") == []


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "not JSON: line 1, column 1"),
        (b"<html></html>", "looks like a web page"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": NaN}', "holds NaN"),
        (b"[-Infinity]", "holds -Infinity"),
        (b'{"a": 1, "a": 2}', "says 'a' twice"),
        (b'{"\xff": 1}', "not UTF-8 text: byte 2"),
        ("[]".encode("utf-16"), "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 80 + b"]" * 80, "nested too deeply"),
    ],
)
def test_it_says_what_is_wrong_with_a_document(document: bytes, why: str) -> None:
    with pytest.raises(SourceUnreadable, match=r"it (is|says|holds)") as refused:
        parse(document, "it")
    assert why in str(refused.value)


def test_a_key_said_twice_is_shown_without_what_steers_a_terminal() -> None:
    with pytest.raises(SourceUnreadable) as refused:
        parse(b'{"\\u001b[31m": 1, "\\u001b[31m": 2}', "it")
    assert str(refused.value).isprintable()


def test_absurd_numbers_cost_nothing() -> None:
    whole = parse(b'{"a": 1e999999999999999999999, "b": ' + b"9" * 100_000 + b', "c": 1e999999}', "it")
    assert isinstance(whole, dict)
    assert str(whole["a"]) in {"NaN", "Infinity"}
    assert isinstance(whole["b"], Decimal)
