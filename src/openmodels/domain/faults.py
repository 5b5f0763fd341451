"""What can be wrong with a record, and how it is said.

``CODES`` is the one table of the codes, with the meaning of each; the documentation is generated from it.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

Path = tuple[str | int, ...]
"""Where in a document: keys of mappings and indexes of lists, from the top."""

CODES: Mapping[str, str] = {
    # The folder
    "misplaced-file": "A file or folder lies where the registry's layout has no place for it.",
    "wrong-extension": "A file in a registry folder does not end in `.yaml`.",
    "unsafe-file": "A file is a link that leads out of the registry, or no regular file; it was not opened.",
    "unreadable-file": "A file or folder could not be read.",
    "too-large": "A file is larger than 1 MB.",
    "not-utf8": "A file is not UTF-8 text.",
    # The YAML
    "control-character": "The text holds a character that cannot be seen, such as NUL or an escape.",
    "empty-file": "A file holds no record.",
    "yaml-syntax": "The file is not well-formed YAML.",
    "yaml-tab": "A tab stands where YAML takes only spaces.",
    "yaml-alias": "An anchor or an alias is used; the registry takes plain values only.",
    "yaml-tag": "A tag such as `!!str` is used; the registry takes plain values only.",
    "yaml-too-deep": "Lists and mappings are nested deeper than any record is.",
    "yaml-too-many-values": "A file holds more values than any record has.",
    "several-documents": "A file holds several YAML documents; it takes one record a file.",
    "duplicate-key": "A mapping has the same key twice.",
    "non-string-key": "A key is not text.",
    "bad-number": "A number is infinite, not a number, or absurdly long.",
    # The structure
    "unknown-key": "A key is not part of the record.",
    "missing-key": "A required key is missing.",
    "wrong-type": "A value has another type than the field takes.",
    "out-of-range": "A number is smaller or larger than the field takes, or more precise.",
    "wrong-length": "A text is shorter or longer than the field takes, or blank.",
    "empty-list": "A list that needs an item has none.",
    "unknown-word": "A value is not one of the words of its vocabulary.",
    "duplicate-item": "A list says the same thing twice.",
    "duplicate-price": "A price is given under both of its names.",
    "bad-format": "A text does not have the form that the field takes.",
    "bad-id": "An id or a region has other characters than lower-case letters, digits and single hyphens.",
    "bad-date": "A date is not written as the field takes it, or does not exist.",
    "bad-timestamp": "A timestamp is not ISO 8601, has no time zone, or does not exist.",
    "bad-url": "An address is not a well-formed https address.",
    "insecure-url": "An address is not https.",
    "url-credentials": "An address holds a user name or a password.",
    # Single records
    "id-mismatch": "An id is not the one that the file's or folder's name says.",
    "alias-of-itself": "A model has its own id as an alias.",
    "replaced-by-itself": "A model is said to be replaced by itself.",
    "updated-before-created": "`updated_at` is earlier than `created_at`.",
    "retired-without-date": "A retired model has no `deprecation_date`.",
    "modalities-differ": "`modalities` is not the union of input and output modalities.",
    "tiers-order": "Price tiers do not ascend by `above_tokens`.",
    "duplicate-source": "Two items of `provenance` are of the same source.",
    "unknown-field": "`provenance` names a field that the record does not have.",
    "claimed-twice": "Two sources are named for one field, or one source both for its value and for another.",
    "bad-base-url": "`api_base_url` ends in a slash, or has a query or a fragment.",
    # Records together
    "duplicate-id": "Two records of a kind have the same id.",
    "duplicate-alias": "Two models have the same alias.",
    "alias-is-an-id": "An alias is the id of another model.",
    "duplicate-mapping": "Two mappings are for the same model at the same provider.",
    "duplicate-prefix": "Two vendors have the same prefix.",
    "not-a-key": "A provider names a variable that holds another kind of secret.",
    "shared-key": "Two providers at different hosts name the same variable for their key.",
    "unknown-model": "A record names a model that is not in the registry.",
    "unknown-provider": "A mapping names a provider that is not in the registry.",
    "unknown-vendor": "A model names a vendor that is not in vendors.yaml.",
    "unknown-mapping": "An overlay hides a mapping that is not in the registry.",
    "hidden-and-given": "An overlay hides a record that it has a file for.",
    "region-not-offered": "A mapping has a region that its provider does not have.",
}


class Fault(Struct, frozen=True):
    """One thing that is wrong in a document."""

    code: str
    """One of ``CODES``."""
    path: Path
    """The value concerned; for a missing key, the path that it would have."""
    found: str
    """What is there, ready to be read."""
    expected: str
    """What should be there."""
    hint: str | None = None
    """What to do, where one can tell."""
    at_key: bool = False
    """Whether the key is what is wrong, not its value."""


def visible(text: str) -> str:
    """``text`` with everything that cannot be seen, or that could steer a terminal, written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    if named:
        return named
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def shown(value: Any, limit: int = 80) -> str:
    """A value of a document as its author would know it, on one line, cut to ``limit`` characters."""
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if isinstance(value, Decimal):
        text = f"{value:f}" if -20 <= value.adjusted() <= 20 else str(value)
    elif isinstance(value, str):
        cut = value if len(value) <= limit else value[: limit - 1] + "…"
        return visible(json.dumps(cut, ensure_ascii=False))
    elif isinstance(value, int) and value.bit_length() > 256:  # str() of a huge int is slow, then refused
        text = "a very long number"
    else:
        text = json.dumps(value, default=str)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def path_text(path: Path) -> str:
    """A path as people write it: ``pricing.tiers[1].above_tokens``; empty for the whole document."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            word = step if len(step) <= 60 else step[:59] + "…"
            parts.append(f".{visible(word)}" if parts else visible(word))
    return "".join(parts)


def did_you_mean(near: str | None) -> str | None:
    """The question that offers ``near``, or None when nothing is near."""
    return f"did you mean `{near}`?" if near else None
