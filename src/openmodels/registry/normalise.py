"""Other names become the vocabulary's own before a record is read.

Works on the plain data of one file, in place. What it renames it remembers, so that an issue is told with
the key that the file has.
"""

import functools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import msgspec

from openmodels.domain.faults import Fault, Path, shown
from openmodels.domain.records import BatchPricing, Benchmark, PriceTier, Pricing, Record
from openmodels.domain.vocabulary import CAPABILITY_ALIASES, MODALITY_ALIASES, PRICE_ALIASES

LIST_ALIASES: Mapping[str, Mapping[str, str]] = {
    "capabilities": CAPABILITY_ALIASES,
    "modalities": MODALITY_ALIASES,
    "input_modalities": MODALITY_ALIASES,
    "output_modalities": MODALITY_ALIASES,
}


class Normalised(msgspec.Struct):
    """What normalising one record came upon."""

    faults: list[Fault] = []
    written: dict[Path, Path] = {}
    """The path in the file, by path in the data, of each key that was renamed."""

    def path_in_file(self, path: Path) -> Path:
        """The path that the file has for ``path`` in the data."""
        for renamed, original in self.written.items():
            if path[: len(renamed)] == renamed:
                return original + path[len(renamed) :]
        return path


def normalise(data: Any) -> Normalised:
    """Rename aliases in ``data``, find what is said twice, and make whole-number prices exact decimals."""
    result = Normalised()
    if type(data) is not dict:
        return result
    for key, value in data.items():
        if type(value) is list:
            _list(key, value, result)
    pricing = data.get("pricing")
    if type(pricing) is dict:
        _prices(pricing, ("pricing",), Pricing, result)
        _prices(pricing.get("batch"), ("pricing", "batch"), BatchPricing, result)
        _each(pricing.get("tiers"), ("pricing", "tiers"), PriceTier, result)
    _each(data.get("benchmarks"), ("benchmarks",), Benchmark, result)
    return result


def _list(key: str, items: list[Any], result: Normalised) -> None:
    aliases = LIST_ALIASES.get(key, {})
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        if type(item) is not str:
            continue
        name = aliases.get(item, item)
        items[index] = name
        first = seen.setdefault(name, index)
        if first != index:
            other = f", another word for `{name}`" if name != item else ""
            found = f"{shown(item)}{other}"
            expected = f"each item once; it is at {key}[{first}] already"
            result.faults.append(Fault("duplicate-item", (key, index), found, expected, "remove it"))


def _each(items: Any, path: Path, struct: type[Record], result: Normalised) -> None:
    if type(items) is list:
        for index, item in enumerate(items):
            _prices(item, (*path, index), struct, result)


def _prices(mapping: Any, path: Path, struct: type[Record], result: Normalised) -> None:
    if type(mapping) is not dict:
        return
    decimals = _decimal_fields(struct)
    for alias, name in PRICE_ALIASES.items():
        if alias in mapping and name in decimals:
            if name in mapping:
                found, expected = f"`{alias}` beside `{name}`", "one of the two: they are the same price"
                hint = f"remove `{alias}`"
                result.faults.append(Fault("duplicate-price", (*path, alias), found, expected, hint, True))
                del mapping[alias]
            else:
                mapping[name] = mapping.pop(alias)
                result.written[(*path, name)] = (*path, alias)
    for key, value in mapping.items():
        # msgspec would take text for a decimal unless it is told that only a Decimal is one.
        if type(value) is int and key in decimals:
            mapping[key] = Decimal(value)


@functools.cache
def _decimal_fields(struct: type[Record]) -> frozenset[str]:
    info = cast("msgspec.inspect.StructType", msgspec.inspect.type_info(struct))
    return frozenset(field.name for field in info.fields if _is_decimal(field.type))


def _is_decimal(info: Any) -> bool:
    if isinstance(info, msgspec.inspect.Metadata):
        return _is_decimal(info.type)
    if isinstance(info, msgspec.inspect.UnionType):
        return any(_is_decimal(member) for member in info.types)
    return isinstance(info, msgspec.inspect.DecimalType)
