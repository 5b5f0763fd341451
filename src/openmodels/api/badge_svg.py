"""Draws a badge: a label and a message side by side, as an SVG that needs nothing from elsewhere."""

import re
import unicodedata
from xml.sax.saxutils import escape, quoteattr

HEIGHT = 20
PADDING = 6
"""Pixels on each side of a text."""
CONTENT_SECURITY_POLICY = "default-src 'none'"
"""A badge runs and loads nothing, even when it is opened as a page."""

_LABEL_COLOUR = "#3f4650"
# Widths of Verdana at 11 px, in tenths of a pixel, in groups that are about as wide. A text is told its width
# (textLength), so that another font fits as well.
_WIDTHS = {
    **dict.fromkeys("ijlI!|,.'", 35),
    **dict.fromkeys(" ", 39),
    **dict.fromkeys('ft()[]/\\:;-r"', 47),
    **dict.fromkeys("JcskvxyzL", 59),
    **dict.fromkeys("abdeghnopquFETYPS", 67),
    **dict.fromkeys("0123456789$?_*", 70),
    **dict.fromkeys("ABCKRVXZU", 76),
    **dict.fromkeys("DGHNOQ&", 84),
    **dict.fromkeys("+<=>~^#", 90),
    **dict.fromkeys("wM", 91),
    **dict.fromkeys("mW@%", 111),
}
_UNKNOWN_WIDTH = 76
_WIDE_FROM = 0x1100
"""From Hangul on, most scripts (CJK, emoji) are about as wide as high."""
_WIDE_WIDTH = 121
_NO_WIDTH = frozenset({"Mn", "Me", "Cf"})
"""Kinds of characters that take no place of their own: marks above others, joiners, signs of direction."""
# What would turn the writing round, of the message too (Unicode Bidirectional Algorithm, 2).
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# What XML 1.0 (2.2) has no way to write, not even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_width(text: str) -> int:
    """About how wide a text is in Verdana at 11 px, in whole pixels."""
    return max(1, round(sum(map(_tenths, text)) / 10))


def _tenths(char: str) -> int:
    known = _WIDTHS.get(char)
    if known is not None:
        return known
    if unicodedata.category(char) in _NO_WIDTH:
        return 0
    return _WIDE_WIDTH if ord(char) >= _WIDE_FROM else _UNKNOWN_WIDTH


def draw(label: str, message: str, colour: str) -> bytes:
    """The badge. ``colour`` is a CSS colour of our own; the texts may be anything."""
    label, message = writable(label), writable(message)
    left, right = (text_width(text) + 2 * PADDING for text in (label, message))
    title = f"{label}: {message}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" '
        f'role="img" aria-label={quoteattr(title)}>'
        f"<title>{escape(title)}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="{HEIGHT}" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)">'
        f'<rect width="{left}" height="{HEIGHT}" fill="{_LABEL_COLOUR}"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{colour}"/></g>'
        f'<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(label, PADDING)}{_text(message, left + PADDING)}</g></svg>"
    ).encode()


def _text(text: str, x: int) -> str:
    return f'<text x="{x}" y="14" textLength="{text_width(text)}">{escape(text)}</text>'


def writable(text: str) -> str:
    """A text on one line, in its own direction, without what XML 1.0 cannot hold."""
    return " ".join(_UNWRITABLE.sub("\ufffd", _TURNING.sub("", text)).split())
