"""Which vendor made a model, told from the model's id."""

from collections.abc import Iterable, Mapping

from openmodels.domain.records import Vendor


def prefix_index(vendors: Iterable[Vendor]) -> dict[str, str]:
    """The vendor's id by prefix; where two claim one, the first keeps it (``checks`` reports that)."""
    index: dict[str, str] = {}
    for vendor in vendors:
        for prefix in vendor.prefixes:
            index.setdefault(prefix, vendor.id)
    return index


def vendor_of(model_id: str, index: Mapping[str, str]) -> str | None:
    """The vendor with the longest prefix that ``model_id`` begins with, or None when none matches."""
    for end in range(len(model_id), 0, -1):
        vendor = index.get(model_id[:end])
        if vendor is not None:
            return vendor
    return None
