"""Whether two names at one provider are of one product: then what is said of one holds for the other."""

import re

from openmodels.domain.naming.spelling import run_together, spelled
from openmodels.domain.records import Model

REGIONS = frozenset({"us", "eu", "apac", "au", "jp", "ca", "global"})
"""Parts of a name that say where a request is answered, which costs differently from place to place."""

_DAY = re.compile(r"[-@_.]?(20\d\d)[-.]?(0[1-9]|1[0-2])[-.]?([0-3]\d)(?!\d)")


def same_product(one: str, other: str, model: Model) -> bool:
    """Whether both names differ by spelling, by a prefix without a region, or by the date of ``model`` only.

    A tier, a size, a precision, a region or another release is another product, with prices and limits of
    its own. A name with a date and one without are of one release where the date is, to the month before or
    after, that of the model.
    """
    if one == other:
        return True
    ours, theirs = _parts(one), _parts(other)
    if ours[:2] != theirs[:2]:
        return False
    days = {day for _, _, day in (ours, theirs) if day is not None}
    if len(days) == 1 and (ours[2] is None or theirs[2] is None):
        return _is_release(days.pop(), model.release_date)
    return len(days) < 2


def _parts(name: str) -> tuple[str, frozenset[str], tuple[int, int, int] | None]:
    path, _, last = name.lower().rpartition("/")
    found = _DAY.search(last)
    stem = last if found is None else last[: found.start()] + last[found.end() :]
    regions = REGIONS.intersection(re.split(r"[/.]", path))
    day = (int(found[1]), int(found[2]), int(found[3])) if found else None
    return run_together(spelled(stem)), regions, day


def _is_release(day: tuple[int, int, int], released: str | None) -> bool:
    if released is None or len(released) < len("2025-01"):
        return False
    months = int(released[:4]) * 12 + int(released[5:7])
    return abs(day[0] * 12 + day[1] - months) <= 1
