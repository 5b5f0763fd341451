"""The words for values of a wrong type or form: what was expected, and what was likely meant."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import inspect as shapes

from openmodels.domain.faults import Fault, Path, shown
from openmodels.domain.records import (
    BASE_URL_PATTERN,
    ENV_PATTERN,
    FIELD_PATTERN,
    HEALTH_PATH_PATTERN,
    ID_PATTERN,
    LICENSING_PATTERN,
    OFFERING_PATTERN,
    URL_PATTERN,
)

PARTIAL_DATE = "as much of a date as is known: 2025, 2025-03 or 2025-03-14"
WHOLE_DATE = "a date that exists, such as 2025-03-14"
TIMESTAMP = "a timestamp with its zone, such as 2025-07-10T14:30:00Z"

COUNTRY_PATTERN = r"^[a-z]{2}$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"
PREFIX_PATTERN = r"^[a-z0-9-]+$"


class _Form(NamedTuple):
    """How a pattern is explained."""

    code: str
    expected: str
    repair: Callable[[str], str]
    """What was likely meant; offered only where it has the form."""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


_FORMS = {
    ID_PATTERN: _Form(
        "bad-id", "lower-case letters and digits in words joined by single hyphens, such as gpt-5-mini", _slug
    ),
    LICENSING_PATTERN: _Form(
        "bad-format",
        "proprietary, other, or an SPDX id in lower case, such as apache-2.0",
        lambda text: re.sub(r"\s+", "-", text.strip().lower()),
    ),
    COUNTRY_PATTERN: _Form(
        "bad-format", "a country by its two lower-case letters (ISO 3166), such as us", str.lower
    ),
    CURRENCY_PATTERN: _Form(
        "bad-format", "a currency by its three capital letters (ISO 4217), such as USD", str.upper
    ),
    PREFIX_PATTERN: _Form("bad-format", "lower-case letters, digits and hyphens, such as gpt-", str.lower),
    ENV_PATTERN: _Form(
        "bad-format",
        "the name of an environment variable, such as EXAMPLE_API_KEY",
        lambda text: re.sub(r"\W+", "_", text.strip(), flags=re.ASCII),
    ),
    FIELD_PATTERN: _Form(
        "bad-format",
        "a field of the record, its parts joined by dots, such as pricing.input_per_million",
        lambda text: text.strip().lower().replace("-", "_"),
    ),
    OFFERING_PATTERN: _Form(
        "bad-format",
        "a provider and a model by their ids, such as openai/gpt-5-mini",
        lambda text: re.sub(r"[^a-z0-9/]+", "-", text.lower()).strip("-"),
    ),
    HEALTH_PATH_PATTERN: _Form(
        "bad-format",
        "a path that begins with a slash, such as /models",
        lambda text: "/" + text.strip().lstrip("/"),
    ),
}


def format_fault(value: str, pattern: str, path: Path) -> Fault:
    """The fault of a text that does not match ``pattern``."""
    if pattern in (URL_PATTERN, BASE_URL_PATTERN):
        return _url_fault(value, path)
    form = _FORMS.get(pattern)
    if form is None:
        return Fault("bad-format", path, shown(value), f"text that matches {pattern}")
    repaired = form.repair(value[:255])
    near = repaired if re.search(pattern, repaired) and not repaired.endswith("\n") else None
    return Fault(form.code, path, shown(value), form.expected, f"did you mean `{near}`?" if near else None)


def _url_fault(value: str, path: Path) -> Fault:
    authority = re.match(r"(?i)[a-z][a-z0-9+.-]*://([^/?#\\]*)", value)
    if authority and "@" in authority[1]:
        # The message goes into logs that more people read than the file; the password does not.
        bare = value.replace(authority[1].rpartition("@")[0] + "@", "", 1)
        expected = "an address without user name and password"
        write = f"write https{bare[bare.index(':') : 200]}"
        return Fault("url-credentials", path, "a user name or password", expected, write)
    if value.lower().startswith("http://"):
        secure = f"https{value[4:]}"
        hint = f"write {secure}" if re.search(URL_PATTERN, secure) else None
        return Fault("insecure-url", path, shown(value), "an https address", hint)
    hint = None
    if re.search(URL_PATTERN, f"https://{value}"):
        hint = f"write https://{value}"
    elif "{" in value or "<" in value:
        hint = "write an address that can be called, without placeholders"
    return Fault("bad-url", path, shown(value), "an https address, such as https://api.example.com/v1", hint)


def date_fault(value: str, path: Path, *, partial: bool) -> Fault:
    """The fault of a text that is no date, or one that does not exist."""
    hint = None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        hint = "there is no such day"
    elif re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", value):
        hint = f"write {value[:10]}, without a time"
    elif re.fullmatch(r"[0-9]{4}[/.][0-9]{2}[/.][0-9]{2}", value):
        hint = f"write {value[:4]}-{value[5:7]}-{value[8:10]}"
    return Fault("bad-date", path, shown(value), PARTIAL_DATE if partial else WHOLE_DATE, hint)


def timestamp_fault(value: str, path: Path) -> Fault:
    """The fault of a text that is no timestamp, or has no zone."""
    hint = None
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        hint = f"add a time and the zone: {value}T00:00:00Z"
    elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?", value):
        hint = f"add the zone: {value.replace(' ', 'T')}Z for UTC"
    return Fault("bad-timestamp", path, shown(value), TIMESTAMP, hint)


def type_fault(value: Any, info: Any, path: Path, *, is_price: bool = False) -> Fault:
    """The fault of a value of another type than ``info`` takes."""
    expected, hint = _expectation(value, info, is_price=is_price)
    return Fault("wrong-type", path, shown(value), expected, hint)


def _expectation(value: Any, info: Any, *, is_price: bool) -> tuple[str, str | None]:
    expected, hint = "a value of another type", None
    match info:
        case shapes.StructType():
            expected = "a mapping of keys and values"
        case shapes.VarTupleType():
            expected = "a list"
            if value is not None and not isinstance(value, dict):
                hint = f"write a list of one: [{shown(value)}]"
        case shapes.StrType():
            expected = "text"
            if type(value) in (int, Decimal, bool):
                hint = f'put it in quotes: "{shown(value)}"'
        case shapes.IntType():
            expected, hint = "a whole number", _number_hint(value, whole=True)
        case shapes.DecimalType():
            expected, hint = ("a price" if is_price else "a number"), _number_hint(value, whole=False)
        case shapes.BoolType():
            word = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(value).lower())
            expected, hint = "true or false", f"write {word}" if word else None
        case shapes.DateTimeType():
            expected = TIMESTAMP
        case shapes.DateType():
            expected = WHOLE_DATE
    return expected, hint


def _number_hint(value: Any, *, whole: bool) -> str | None:
    if isinstance(value, str):
        digits = re.sub(r"[\s_,$€]", "", value) if len(value) < 40 else ""
        shape = r"-?[0-9]+" if whole else r"-?[0-9]+(\.[0-9]+)?"
        if re.fullmatch(shape, digits):
            return f"write {digits}, without quotes"
        short = re.fullmatch(r"(?i)([0-9]{1,6})([km])", digits)
        if short and whole:
            return f"write {int(short[1]) * (1000 if short[2].lower() == 'k' else 1_000_000)}"
        if value.lower() in ("unknown", "n/a", "none", "tbd", "?"):
            return "write null when nobody knows it"
    # copy_abs, because abs rounds, and fails for an exponent that the decimal context does not have.
    if isinstance(value, Decimal) and whole and value.is_finite() and value.copy_abs() < 10**12:
        return f"write {int(value)}" if value == value.to_integral_value() else None
    return None
