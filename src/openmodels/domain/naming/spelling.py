"""How names are written down so that only what they say is compared: case, separators, joined digits."""

import re
import unicodedata

MAX_NAME = 255
"""Longer names are nobody's: no provider's model name may be longer (``Offering.provider_model_name``)."""

_SEPARATORS = re.compile(r"[^a-z0-9]+")
_GAPS = re.compile(r"[\s_()\[\]{},;|-]+")
_SIZE = re.compile(r"^(a|e)?\d+(x\d+)?[bmkt]$|^\d+e$")
_POINT = re.compile(r"(?<=\d)p(?=\d)")
_RUNS = re.compile(r"[a-z]+|\d+[a-z]*")
_DAY = re.compile(r"\b(20[1-3]\d)-(\d\d)-(\d\d)\b")


def canonical_id(source_id: str) -> str:
    """The id under which the registry keeps what a source calls ``vendor/name``.

    The part after the last slash, in lower case, with ``+`` as ``plus`` and a hyphen for everything that is
    neither a letter nor a digit: ``openai/gpt-4.1`` is ``gpt-4-1``. It is empty when nothing is left, and as
    long as what was given; whoever makes a path of it checks it against ``ID_PATTERN`` first.
    """
    return spelled(source_id.rpartition("/")[2])


def spelled(text: str) -> str:
    """The text in kebab-case: lower case, words of ASCII letters and digits, single hyphens between."""
    return _SEPARATORS.sub("-", _lower(text).replace("+", "-plus")).strip("-")


def written(text: str) -> str:
    """The text in lower case, gaps as hyphens, with the signs that tell parts: ``.``, ``/``, ``:``, ``@``."""
    return _GAPS.sub("-", _lower(text)).strip("-")


def is_size(word: str) -> bool:
    """Whether a word counts parameters, experts or tokens: ``70b``, ``a22b``, ``8x7b``, ``16e``, ``128k``."""
    return _SIZE.match(word) is not None


def run_together(text: str) -> str:
    """A key that is the same however words and numbers are joined: ``gpt-5-2``, ``gpt52``, ``gpt-5p2``.

    Sizes stay apart, and so do numbers of more than one digit: ``llama-3-1-8b`` is not ``llama-3-18b``, nor
    is ``grok-4-20`` ``grok-42-0``. A ``v`` before a number says nothing: ``llama-v3-3`` is ``llama-3-3``.
    """
    return keys_of(text)[0]


def numbers_apart(text: str) -> str:
    """A key that is the same wherever numbers stand: ``claude-4-5-sonnet``, ``claude-sonnet-4-5``.

    Words keep their order among themselves, for a tier in another place may be another model:
    ``sonar-pro-reasoning`` is not ``sonar-reasoning-pro``. So do numbers, but for sizes, which say themselves
    what they count.
    """
    return keys_of(text)[1]


def keys_of(text: str) -> tuple[str, str]:
    """Both keys of a spelled name: run together, and numbers apart from words."""
    units = units_of(text)
    sizes = sorted(unit for unit in units if is_size(unit))
    numbers = [unit for unit in units if not unit.isalpha() and not is_size(unit)]
    words = [unit for unit in units if unit.isalpha()]
    return "".join(_joined(units)), "|".join(map(" ".join, (words, numbers, sizes)))


def units_of(text: str) -> list[str]:
    """The words, sizes and version numbers of a spelled name; a version's single digits are one unit."""
    units: list[str] = []
    digits_before = False
    for token in _POINT.sub("-", _DAY.sub(r"\1\2\3", text)).split("-"):
        runs = [token] if is_size(token) else _RUNS.findall(token)
        if len(runs) > 1 and runs[0] == "v":
            del runs[0]
            digits_before = False
        for run in runs:
            single = len(run) == 1 and run.isdigit()
            if single and digits_before:
                units[-1] += run
            else:
                units.append(run)
            digits_before = single
    return units


def _joined(units: list[str]) -> list[str]:
    joined: list[str] = []
    for unit in units:
        if is_size(unit):
            joined.append(f"|{unit}|")
        elif unit.isdigit() and joined and joined[-1].isdigit():
            joined.append(f"-{unit}")
        else:
            joined.append(unit)
    return joined


def _lower(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
