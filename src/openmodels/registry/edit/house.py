"""How a record is written as YAML: the order of its keys, quoting, folding. The registry's house style."""

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from openmodels.domain.records import (
    BatchPricing,
    Model,
    Offering,
    Pricing,
    ProbePolicy,
    Provider,
    RateLimits,
    Record,
    Source,
)
from openmodels.domain.views.registry import iso
from openmodels.registry.scalars import resolve

WIDTH = 110
"""The longest line, unless a single word is longer."""

ORDER: Mapping[type[Record], tuple[str, ...]] = {
    Model: (
        "id",
        "name",
        "vendor",
        "family",
        "description",
        "capabilities",
        "modalities",
        "input_modalities",
        "output_modalities",
        "context_window",
        "max_output_tokens",
        "licensing",
        "open_weights",
        "release_date",
        "knowledge_cutoff",
        "status",
        "deprecation_date",
        "replaced_by",
        "aliases",
        "country",
        "benchmarks",
        "provenance",
        "created_at",
        "updated_at",
    ),
    Provider: (
        "id",
        "name",
        "description",
        "api_base_url",
        "auth_type",
        "regions",
        "compatibility",
        "docs_url",
        "status_page_url",
        "env",
        "probe",
        "provenance",
        "created_at",
        "updated_at",
    ),
    Offering: (
        "model_id",
        "provider_id",
        "provider_model_name",
        "pricing",
        "rate_limits",
        "context_window_override",
        "max_output_tokens",
        "available_regions",
        "status",
        "source",
        "provenance",
        "created_at",
        "updated_at",
    ),
}
"""The order of a file's keys."""

NESTED: Mapping[str, tuple[str, ...]] = {
    "pricing": Pricing.__struct_fields__,
    "batch": BatchPricing.__struct_fields__,
    "rate_limits": RateLimits.__struct_fields__,
    "source": Source.__struct_fields__,
    "probe": ProbePolicy.__struct_fields__,
}
"""The order of the keys within a key."""

_SCHEMAS: Mapping[type[Record], str] = {
    Model: "../schemas/model.schema.json",
    Provider: "../schemas/provider.schema.json",
    Offering: "../../schemas/mapping.schema.json",
}
_PLAIN = re.compile(r"[^\W\d_](?:[^\x00-\x1f\x7f]*[^\s:])?")
_IN_FLOW = frozenset(",[]{}")
_FLOWING = frozenset({"fields"})


def plain_data(value: Any) -> Any:
    """``value`` as a file holds it: mappings without what is at its default, lists, text, numbers."""
    if isinstance(value, msgspec.Struct):
        return {
            field.name: plain_data(getattr(value, field.name))
            for field in msgspec.structs.fields(value)
            if field.required or getattr(value, field.name) != field.default
        }
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [plain_data(item) for item in value]
    return value


def scalar(value: Any, *, in_flow: bool = False) -> str:
    """A value that is no list or mapping, on one line; quoted where it would mean something else plain."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return text if _may_be_plain(text, in_flow=in_flow) else json.dumps(text, ensure_ascii=False)


def _may_be_plain(text: str, *, in_flow: bool) -> bool:
    if not _PLAIN.fullmatch(text) or ": " in text or " #" in text or text.startswith("---"):
        return False
    if in_flow and not _IN_FLOW.isdisjoint(text):
        return False
    return resolve(text) == text and text.lower() not in ("yes", "no", "on", "off", "y", "n")


def entry(key: str, value: Any, indent: int) -> list[str]:
    """The lines of one key of a block mapping."""
    margin = " " * indent
    head = f"{margin}{key}:"
    if isinstance(value, dict):
        return [head, *mapping(value, indent + 2)] if value else [f"{head} {{}}"]
    if isinstance(value, list):
        if not value:
            return [f"{head} []"]
        if key in _FLOWING:
            return _wrapped(head, value, indent + 2)
        return [head, *items(value, indent + 2)]
    line = f"{head} {scalar(value)}"
    if len(line) > WIDTH and isinstance(value, str) and " " in value and "  " not in value:
        return [f"{head} >-", *_folded(value, indent + 2)]
    return [line]


def mapping(value: Mapping[str, Any], indent: int) -> list[str]:
    """The lines of a block mapping."""
    return [line for key, inner in value.items() for line in entry(key, inner, indent)]


def items(values: Sequence[Any], indent: int) -> list[str]:
    """The lines of a block list."""
    margin = " " * indent
    lines: list[str] = []
    for value in values:
        if isinstance(value, dict) and value:
            first, *rest = mapping(value, indent + 2)
            lines += [f"{margin}- {first[indent + 2 :]}", *rest]
        else:
            lines.append(f"{margin}- {flow(value)}")
    return lines


def flow(value: Any) -> str:
    """Any value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(inner) for inner in value) + "]"
    return scalar(value, in_flow=True)


def new_file(record: Model | Provider | Offering) -> str:
    """The whole text of a new file for ``record``."""
    data = plain_data(record)
    if isinstance(record, Offering) and record.rate_limits is None:
        data["rate_limits"] = None
    ordered = {key: data[key] for key in ORDER[type(record)] if key in data}
    schema = f"# yaml-language-server: $schema={_SCHEMAS[type(record)]}"
    return "\n".join([schema, *mapping(ordered, 0), ""])


def _folded(text: str, indent: int) -> list[str]:
    margin = " " * indent
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _wrapped(head: str, values: Sequence[Any], indent: int) -> list[str]:
    words = [flow(value) for value in values]
    line = f"{head} [{', '.join(words)}]"
    if len(line) <= WIDTH:
        return [line]
    text = ", ".join(words)
    return [f"{head} [", *_folded(text, indent), f"{' ' * (indent - 2)}]"]
