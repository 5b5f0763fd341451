"""From what a source wrote to what our records hold, or a plain word about why that cannot be.

Nothing here guesses: a value that is not certain is ``Unusable``, and its importer notes it.
"""

import ipaddress
import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from urllib.parse import urlsplit

from openmodels.domain.limits import MAX_DECIMALS, partial_date_holds, price_holds
from openmodels.domain.pricing import plainly
from openmodels.domain.records import ENV_PATTERN, ID_PATTERN, LICENSING_PATTERN, MAX_TOKENS, URL_PATTERN
from openmodels.domain.vocabulary import MODALITIES, MODALITY_ALIASES

MAX_TEXT = 255
MAX_URL = 500
MAX_ENV = 100
TOKENS_PER_MILLION_SHIFT = 6
MAX_MAGNITUDE = 12
# A number with more digits than this is an attack, not a price; what binary fractions leave has 17.
MAX_DIGITS = 40
MAX_BITS = 130
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,6})?")


class Unusable(ValueError):
    """A value that our records cannot hold, or that does not say what it seems to."""


def text(value: object) -> str:
    """A name for people: one line, nothing that cannot be seen, at most 255 characters."""
    if not isinstance(value, str):
        raise Unusable("not text")
    if len(value) > 10 * MAX_TEXT:
        raise Unusable("too long")
    return name(" ".join(value.split()))


def name(value: object) -> str:
    """A name for programs, exactly as written; refused where it is blank, long, or cannot be seen whole."""
    if not isinstance(value, str):
        raise Unusable("not text")
    if not value or value != value.strip():
        raise Unusable("blank at an end, or empty")
    if len(value) > MAX_TEXT:
        raise Unusable("too long")
    if not value.isprintable():
        raise Unusable("holds characters that cannot be seen")
    return value


def identifier(value: object) -> str:
    """A name in kebab-case: what stands between letters and digits becomes one hyphen."""
    kebab = "-".join(re.findall(r"[a-z0-9]+", name(value).lower()))
    if not re.fullmatch(ID_PATTERN, kebab):
        raise Unusable("has no letter or digit to make an id of")
    return kebab


def number(value: object) -> Decimal:
    """A finite decimal number of modest length, from a JSON number or, as some servers write them, text."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        raise Unusable("not a number")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise Unusable("not a number")
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise Unusable("a number of absurd length")
    try:
        result = Decimal(value)
    except ArithmeticError:
        raise Unusable("not a number") from None
    if not result.is_finite():
        raise Unusable("not a finite number")
    if len(result.as_tuple().digits) > MAX_DIGITS:
        raise Unusable("a number of absurd length")
    return result


def price(value: object, *, shift: int = 0) -> Decimal:
    """A price, moved by ``shift`` powers of ten, exactly and as a person writes it: 1.5e-07 by 6 is 0.15.

    Sources compute with binary fractions and publish what remains, 0.09999999999999999 for 0.1. Digits
    beyond the twelfth after the point, more than our records hold, are that residue and are rounded away.
    """
    amount = number(value)
    if not amount:
        return Decimal(0)
    if amount.is_signed():
        raise Unusable("a price below 0")
    # The bounds come first: a number such as 1e999999 must not be written out.
    if amount.adjusted() + shift > MAX_MAGNITUDE:
        raise Unusable("a price of absurd size")
    if amount.adjusted() + shift < -MAX_DECIMALS:
        raise Unusable("a price too small to be meant")
    amount = amount.scaleb(shift)
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MAX_DECIMALS:
        amount = amount.quantize(Decimal(1).scaleb(-MAX_DECIMALS), rounding=ROUND_HALF_EVEN)
    plain = plainly(amount)
    if not price_holds(plain):
        raise Unusable("a price of absurd size")
    return plain


def price_per_token(value: object) -> Decimal:
    """A price per million tokens, from one per token."""
    return price(value, shift=TOKENS_PER_MILLION_SHIFT)


def tokens(value: object) -> int:
    """A number of tokens; a whole number even where the source wrote 200000.0."""
    if isinstance(value, str):
        raise Unusable("not a number")
    count = number(value)
    if not 1 <= count <= MAX_TOKENS:
        raise Unusable(f"a number of tokens outside 1 to {MAX_TOKENS}")
    if count != count.to_integral_value():
        raise Unusable("not a whole number")
    return int(count)


def partial_date(value: object) -> str:
    """As much of a date as is known; the first days of 1970 stand for "unknown" in more than one source."""
    if not isinstance(value, str) or not partial_date_holds(value):
        raise Unusable("not a date such as 2025, 2025-03 or 2025-03-14")
    if value < "1980":
        raise Unusable("a date before there were any such models")
    return value


def full_date(value: object) -> str:
    """A whole date, 2025-03-14."""
    result = partial_date(value)
    if len(result) != 10:
        raise Unusable("not a whole date such as 2025-03-14")
    return result


def yes_or_no(value: object) -> bool:
    """A truth value, and nothing that merely looks like one."""
    if not isinstance(value, bool):
        raise Unusable("neither true nor false")
    return value


def url(value: object) -> str:
    """A public https address; one with a placeholder, or of a machine at home, is not."""
    if not isinstance(value, str):
        raise Unusable("not text")
    if "${" in value:
        raise Unusable("an address with a part that each user fills in")
    if not value.startswith("https://"):
        raise Unusable("not an https address")
    seen = value.isascii() and value.isprintable()
    if len(value) > MAX_URL or not seen or not re.fullmatch(URL_PATTERN, value):
        raise Unusable("not a well-formed address")
    _public_host(value)
    return value


def base_url(value: object) -> str:
    """An address that a path can be appended to."""
    address = url(value)
    if "?" in address or "#" in address:
        raise Unusable("an address with a query or a fragment")
    return address.rstrip("/").removesuffix("/chat/completions").rstrip("/")


def _public_host(address: str) -> None:
    try:
        host = urlsplit(address).hostname or ""
        port = urlsplit(address).port
    except ValueError:
        raise Unusable("not a well-formed address") from None
    if port == 0 or "." not in host or host.endswith((".local", ".internal", ".localhost")):
        raise Unusable("an address of a machine at home")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    raise Unusable("an address without a name")


def variables(value: object) -> tuple[str, ...]:
    """Names of environment variables; all of them, or none where one is not such a name."""
    if not isinstance(value, list) or len(value) > 20:
        raise Unusable("not a list of names")
    for item in value:
        if not isinstance(item, str) or len(item) > MAX_ENV or not re.fullmatch(ENV_PATTERN, item):
            raise Unusable("not a list of names of environment variables")
    return tuple(dict.fromkeys(value))


def modalities(value: object) -> tuple[str, ...]:
    """Modalities in our words, each once, in the source's order."""
    if not isinstance(value, list) or not value or len(value) > 20:
        raise Unusable("not a list of modalities")
    found = []
    for item in value:
        word = MODALITY_ALIASES.get(item, item) if isinstance(item, str) else None
        if word not in MODALITIES:
            raise Unusable("not a modality of our vocabulary")
        found.append(word)
    return unique(found)


def licensing(value: object) -> str:
    """A lower-case SPDX id."""
    if not isinstance(value, str) or len(value) > 64:
        raise Unusable("not the id of a licence")
    lower = value.strip().lower()
    if not re.fullmatch(LICENSING_PATTERN, lower):
        raise Unusable("not the id of a licence")
    return lower


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """The items in their order, each once."""
    return tuple(dict.fromkeys(items))
