"""The rules by which a provider's name for a model becomes the model's id, as data.

Nothing else decides: a name that these rules do not lead to exactly one id is not resolved. What a rule
takes off is only ever a mark of how a model is listed or served. A size, a tier (mini, nano, pro, lite, max,
flash, turbo, ...), a task (coder, vision, ...) or a way of answering (thinking, reasoning, ...) is part of
which model it is, and no rule takes one off.
"""

import re
from typing import Literal

from msgspec import Struct

RuleKind = Literal["match", "prefix", "suffix", "shorter", "witness"]

ANY_DATE = "date"
REVISION = "revision"


class Rule(Struct, frozen=True, kw_only=True):
    """One rule. ``docs/names.md`` shows them all."""

    name: str
    """How reviews and reports call it."""
    kind: RuleKind
    """``match``: how the rest is compared with what the catalogue knows. ``prefix`` and ``suffix``: what a
    provider may put before or behind. ``shorter``: what the catalogue's id has and the name may lack.
    ``witness``: what the provider shows to people speaks for one of several."""
    doc: str
    """What it does, in one line."""
    example: tuple[str, str]
    """A provider's name, and what of it the rule leads to; held by the tests."""
    pattern: re.Pattern[str] | None = None
    """What a ``prefix`` or ``suffix`` rule takes off the name as ``spelling.written`` gives it."""
    before: str | None = None
    """The rule whose mark must stand right behind this one's."""


def _suffix(
    name: str, doc: str, example: tuple[str, str], pattern: str, *, before: str | None = None
) -> Rule:
    compiled = re.compile(f"(?:{pattern})$", re.ASCII)
    return Rule(name=name, kind="suffix", doc=doc, example=example, pattern=compiled, before=before)


_YEAR, _MONTH, _DAY = r"20[1-3]\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
FULL_DATE = re.compile(rf"^{_YEAR}{_MONTH}{_DAY}$", re.ASCII)
"""A word that is nothing but a day."""
_SHORT = rf"(?!1024)(?:2[3-9]{_MONTH}|{_MONTH}{_DAY})"  # 1024 counts dimensions and pixels
SHORT_DATE = re.compile(rf"^{_SHORT}$", re.ASCII)
"""A word that may be a month of a year (``2507``) or a day of some year (``0324``)."""
_DATES = "|".join(
    (
        rf"[-@]{_YEAR}-?{_MONTH}-?{_DAY}",  # 20250514, 2024-08-06
        rf"-{_YEAR}-{_MONTH}",  # 2024-08
        rf"-{_MONTH}-{_YEAR}",  # 08-2024
        rf"-2[3-9]{_MONTH}{_DAY}",  # 250615
        rf"[-@]{_SHORT}",  # 2507, 0324
    )
)
PLACES = "us|eu|uk|jp|au|cn|apac|asia|emea|europe|global|intl"
"""Words for regions, as a pattern."""
_SIDES = "north|south|east|west|central|northeast|southeast|northwest|southwest"
_REGIONS = "|".join(
    (
        rf"[-@](?:{PLACES})",
        rf"[-@](?:us-gov|[a-z]{{2}}|{PLACES})-(?:{_SIDES})-?\d{{0,2}}",  # us-east5, eu-central-1
        rf"[-@](?:{_SIDES})(?:us|europe|asia)\d?",  # eastus2, westeurope
    )
)
_PRECISIONS = "|".join(
    (
        r"[-@:.](?:nv|mx)?(?:fp|bf|nf|int)-?\d{1,2}(?:-(?:dynamic|block|fast))?",
        r"[-@:.](?:awq|gptq|gguf|mlx|exl2|bnb|marlin|autoround|quantized)",
        r"[-@:.](?:i?q\d(?:-[01km](?:-[sml])?)?)",  # q4, q8_0, q4_K_M
        r"[-@:.]\d-?bit",
        r"[-@:.]w\d{1,2}a\d{1,2}",
    )
)

_OFFERS = "-(?:free|flex|priority)|:(?:free|flex|priority|batch|extended|nitro|floor|exacto|online)"
_HOSTING = "tee|maas|hf|default|cloud|serverless|hosted|dedicated"

SUFFIXES = (
    _suffix(
        "offer",
        "a word for how it is sold: `:free`, `-free`, `:extended`, `:nitro`, `:floor`, `:online`, `-flex`",
        ("example-5:free", "example-5"),
        _OFFERS,
    ),
    _suffix(
        "hosting",
        "a word for how it is hosted: `-maas`, `-tee`, `-hf`, `@default`, `:cloud`",
        ("example-5-maas", "example-5"),
        rf"[-:@](?:{_HOSTING})",
    ),
    _suffix(
        "precision",
        "a quantization or precision: `-fp8`, `@fp8`, `-awq`, `:q4_K_M`, `-bf16`, `-nvfp4`, `-int4`, `-6bit`",
        ("example-5-fp8", "example-5"),
        _PRECISIONS,
    ),
    _suffix(
        REVISION,
        "a revision of the listing: `:0`, `:0:200k`",
        ("example-5-v2:0", "example-5-v2"),
        r":\d(?::\d{1,4}k)?",
    ),
    _suffix(
        "version",
        "the version of the listing before its revision: the first, or any behind a date: `-v1:0`, `-1:0`, "
        "`-20250514-v2:0`",
        ("example-5-v1:0", "example-5"),
        r"-v?1|(?<=\d{8})-v\d",
        before=REVISION,
    ),
    _suffix(
        "first-version", "the first version of three digits: `-001`", ("example-5-001", "example-5"), "-001"
    ),
    _suffix(
        "region",
        "a region behind it: `@us-east5`, `-eu`, `-us-east-1`, `-eastus2`",
        ("example-5@us-east5", "example-5"),
        _REGIONS,
    ),
    _suffix(
        "latest",
        "`-latest` or `:latest`, where the id without it is known",
        ("example-5-latest", "example-5"),
        "[-:@]latest",
    ),
    _suffix(
        ANY_DATE,
        "a date, where no release of another date and no `-latest` is known: with its year one that is not "
        "before the model (`-20250514`, `-2024-08-06`, `-08-2024`), of four digits that of its release "
        "(`-2507`, `-0324`)",
        ("example-5-20250514", "example-5"),
        _DATES,
    ),
    _suffix(
        "tuning",
        "`-instruct` or `-it` of open weights or behind a size, and `-chat` behind a size, where no sibling "
        "is known",
        ("example-70b-instruct", "example-70b"),
        r"[-:](?:instruct|it)|(?<=\d[bmt])[-:]chat",
    ),
    _suffix(
        "experts",
        "how many parameters are active, or how many experts there are, where the model's id, aliases or "
        "display name say so too: `-a3b`, `-16e`",
        ("example-30b-a3b", "example-30b"),
        r"(?<=\d[bt])[-:](?:a\d{1,3}b|\d{1,3}e)",
    ),
)

PREFIXES = (
    Rule(
        name="path",
        kind="prefix",
        doc="whose it is and where it lies, up to the last `/`: `vendor/`, `@cf/vendor/`, "
        "`accounts/someone/models/`, `models/`, `hf:vendor/`; none that says that it is of tuned models: "
        "`ft:`, `lora/`",
        example=("accounts/someone/models/example-5", "example-5"),
        pattern=re.compile(r"^.*/(?=[^/])"),
    ),
    Rule(
        name="scheme",
        kind="prefix",
        doc="`hf`, a vendor or the provider itself, and a colon: `hf:`, `vendor:`",
        example=("hf:example-5", "example-5"),
        pattern=re.compile(r"^[a-z][a-z-]*:-?(?=[a-z])", re.ASCII),
    ),
    Rule(
        name="dotted",
        kind="prefix",
        doc="regions, vendors or the provider itself, each with a dot: `us.`, `eu.vendor.`, `vendor.`",
        example=("us.acme.example-5", "example-5"),
        pattern=re.compile(r"^(?:[a-z][a-z-]*\.)+(?=[a-z])", re.ASCII),
    ),
    Rule(
        name="own-name",
        kind="prefix",
        doc="the first words of the provider's own id; before open weights of another vendor only where the "
        "title is the model's display name",
        example=("somehost-example-5", "example-5"),
    ),
    Rule(
        name="vendor",
        kind="prefix",
        doc="the model's vendor: its id or its name, or how it is called where models are published",
        example=("acme-example-5", "example-5"),
    ),
)

MATCHES = (
    Rule(
        name="exact",
        kind="match",
        doc="an id or an alias, whatever the case, `.`, `_`, `/`, `:` and spaces being hyphens",
        example=("Example_5.1", "example-5-1"),
    ),
    Rule(
        name="display-name",
        kind="match",
        doc="a model's display name, where only one model has it",
        example=("Example Five", "example-5"),
    ),
    Rule(
        name="run-together",
        kind="match",
        doc="words, single digits and `v` before a number joined otherwise: `example51`, `example-5p1`",
        example=("example51", "example-5-1"),
    ),
    Rule(
        name="word-order",
        kind="match",
        doc="the same words, with the version or the size standing elsewhere among them",
        example=("example-5-1-mini", "example-mini-5-1"),
    ),
)

SHORTER = (
    Rule(
        name="undated-latest",
        kind="shorter",
        doc="the id ends in `-latest` and the name does not, nor has it a date",
        example=("example", "example-latest"),
    ),
    Rule(
        name="untuned",
        kind="shorter",
        doc="the id has `-instruct` or `-it` and the name does not, no sibling is known, and the name is not "
        "that of published weights",
        example=("example-70b", "example-70b-instruct"),
    ),
    Rule(
        name="active-unsaid",
        kind="shorter",
        doc="the id says how many parameters are active and the name does not",
        example=("example-30b", "example-30b-a3b"),
    ),
    Rule(
        name="point-zero",
        kind="shorter",
        doc="the id ends in `-0` behind a number and the name does not",
        example=("example-4", "example-4-0"),
    ),
)

WITNESSES = (
    Rule(
        name="title",
        kind="witness",
        doc="the display name at the provider is that of one model only, and every word, number and date of "
        "the name is in that or in the id; or it is that of one among those that other rules lead to",
        example=("example-5", "example-5-20250514"),
    ),
)

RULES: tuple[Rule, ...] = (*MATCHES, *PREFIXES, *SUFFIXES, *SHORTER, *WITNESSES)
"""Every rule."""
