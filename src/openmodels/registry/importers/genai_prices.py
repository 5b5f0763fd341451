"""genai-prices: the prices of the larger providers, with the days on which they changed.

It is read as data, from the package's own module or from its data.json. A price of 0 means free only where
the model's name says so: as elsewhere, 0 also stands for what is charged by another unit.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from openmodels.domain.observation import Reading, Subject
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import abilities, amounts, values
from openmodels.registry.importers.document import Json, items, mapping, parse
from openmodels.registry.importers.gather import Gathering, digest, shown
from openmodels.registry.importers.python_data import constant

SOURCE = "genai-prices"
NAME = "genai-prices"
URL = "https://github.com/pydantic/genai-prices"
PLACE = "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/data.json"

PER_MILLION: Mapping[str, str] = {
    "input_mtok": "input_per_million",
    "output_mtok": "output_per_million",
    "cache_read_mtok": "cache_read_per_million",
    "cache_write_mtok": "cache_write_per_million",
    "output_reasoning_mtok": "reasoning_per_million",
    "input_audio_mtok": "input_audio_per_million",
    "output_audio_mtok": "output_audio_per_million",
}
"""The source's names of prices in dollars per million tokens → ours."""
SEARCHES = "web_searches_kcount"
"""The source's price of a thousand web searches."""
THOUSANDTH = -3
ELSEWHERE: Mapping[str, str] = {"google": "claude"}
"""Part of the names of models that the source lists with a provider, and that only its other service has."""
BATCH = {"processing": "batch"}
"""What the source says of a request whose price is that of a batch."""


def read(document: bytes, *, observed_at: datetime, version: str | None = None) -> Reading:
    """What a data.json or the package's data.py says; of prices with dates, those of ``observed_at``.

    Raises ``SourceUnreadable`` where the document is neither.
    """
    if document.lstrip()[:1] in (b"[", b"{"):
        whole = parse(document, "genai-prices' data.json")
    else:
        whole = constant(document, "providers", "genai-prices' data.py")
    if not any("models" in mapping(raw) for raw in items(whole)):
        raise SourceUnreadable(
            "the document is neither genai-prices' data.json nor its data.py (a list of providers, each "
            f"with models); try --from a genai-prices wheel, or --from {PLACE}"
        )
    into = Gathering()
    day = observed_at.astimezone(UTC).date().isoformat()
    for raw in items(whole):
        provider = mapping(raw)
        subject = Subject("provider", provider=str(provider.get("id")))
        if into.read(subject, "provider's id", values.name, provider.get("id")) is None:
            into.leave_out("a provider without an id", shown(subject))
        elif into.begins(subject):
            into.take(subject, "name", values.text, provider.get("name"))
            for model in items(provider.get("models")):
                _model(into, subject.provider, mapping(model), day)
    return into.reading(
        source=SOURCE, name=NAME, url=URL, version=version or digest(document), observed_at=observed_at
    )


def _model(into: Gathering, provider: str, model: Mapping[str, Json], day: str) -> None:
    """An offering for each name that the source gives exactly: its id, and what it matches as equal."""
    names = _names(model)
    if not names:
        into.leave_out("a model that is known by a part of its name only", f"{provider}/{model.get('id')}")
    for name in names:
        subject = Subject("offering", provider=provider, name=name)
        if into.read(subject, "the model's name", values.name, name) is None or not into.begins(subject):
            continue
        if provider in ELSEWHERE and ELSEWHERE[provider] in name:
            into.leave_out("a model that another service of the provider serves", shown(subject))
            continue
        into.say(subject, "provider_model_name", name)
        into.take(subject, "title", values.text, model.get("name"))
        into.take(subject, "context_window", values.tokens, model.get("context_window") or None)
        if model.get("deprecated") is True:
            into.say(subject, "status", "deprecated")
        _pricing(into, subject, model, day)


def _names(model: Mapping[str, Json]) -> tuple[str, ...]:
    clause = mapping(model.get("match"))
    found = list(_equals(clause))
    own = model.get("id")
    # An id that its own clause does not match is the source's label, and no name that a provider knows.
    if isinstance(own, str) and (not clause or _matches(clause, own.lower(), 8)):
        found.insert(0, own)
    # The source matches in any case, and lists some names in two; one of them is the offering's.
    return tuple({name.lower(): name for name in reversed(found)}.values())[::-1]


def _equals(clause: Mapping[str, Json]) -> Iterator[str]:
    for one in (clause, *map(mapping, items(clause.get("or")))):
        exact = one.get("equals")
        if isinstance(exact, str):
            yield exact


def _matches(clause: Mapping[str, Json], name: str, room: int) -> bool:
    """Whether a clause matches a name in lower case; what is sought by a pattern counts as not matching."""
    if not room:
        return False
    for kind, sought in clause.items():
        if kind in {"or", "and"}:
            each = [_matches(mapping(one), name, room - 1) for one in items(sought)]
            return any(each) if kind == "or" else bool(each) and all(each)
        if isinstance(sought, str):
            wanted = sought.lower()
            return {
                "equals": name == wanted,
                "starts_with": name.startswith(wanted),
                "ends_with": name.endswith(wanted),
                "contains": wanted in name,
            }.get(kind, False)
    return False


def _pricing(into: Gathering, subject: Subject, model: Mapping[str, Json], day: str) -> None:
    current = _current(into, subject, model.get("prices"), day)
    if current is None:
        return
    prices, steps = _prices(into, subject, current, "pricing.")
    if amounts.all_zero(prices) and not amounts.says_free(subject.name, model.get("name")):
        into.unusable(amounts.ZERO, subject, "pricing")
        return
    no_text = abilities.embeds(subject.name) or abilities.ranks(subject.name)
    prices = amounts.known(prices, output_may_be_free=no_text)
    tiers = amounts.tiers_of(steps, prices)
    prices |= _batch(into, subject, model, day) if prices else {}
    searches = into.read(
        subject,
        "pricing.search_per_query",
        lambda raw: values.price(raw, shift=THOUSANDTH),
        current.get(SEARCHES),
    )
    if searches:
        prices["search_per_query"] = searches
    amounts.say_pricing(into, subject, prices, tiers, with_text=not no_text)
    for name in current:
        if name not in PER_MILLION and name != SEARCHES:
            into.leave_out(f"{name}: a price that our records do not hold", shown(subject))


def _current(into: Gathering, subject: Subject, raw: Json, day: str) -> Mapping[str, Json] | None:
    """The prices that hold on ``day``: the last ones that began by then.

    Prices for hours of the day are left out, so that what holds does not depend on when somebody imports.
    """
    if isinstance(raw, dict):
        return raw
    found: Mapping[str, Json] | None = None
    for one in map(mapping, items(raw)):
        if _holds(one, day):
            found = mapping(one.get("prices"))
        elif "start_time" in mapping(one.get("constraint")):
            into.unusable("prices for hours of the day", subject, "pricing")
    if found is None:
        into.unusable("prices that do not hold yet, or of unknown shape", subject, "pricing")
    return found


def _holds(conditional: Mapping[str, Json], day: str) -> bool:
    constraint = conditional.get("constraint")
    if constraint is None:
        return True
    starts = mapping(constraint).get("start_date")
    return isinstance(starts, str) and starts <= day


def _prices(
    into: Gathering, subject: Subject, raw: Mapping[str, Json], field: str
) -> tuple[dict[str, Decimal], dict[int, dict[str, Decimal]]]:
    """The plain prices, and those by the length of prompt above which they hold."""
    plain: dict[str, Decimal] = {}
    steps: dict[int, dict[str, Decimal]] = {}
    for theirs, ours in PER_MILLION.items():
        price = raw.get(theirs)
        tiered = mapping(price)
        amount = into.read(subject, field + ours, values.price, tiered.get("base") if tiered else price)
        if amount is None:
            continue
        plain[ours] = amount
        for tier in map(mapping, items(tiered.get("tiers"))):
            start = into.read(subject, field + "tiers.above_tokens", values.tokens, tier.get("start"))
            above = into.read(subject, field + "tiers", values.price, tier.get("price"))
            if start is not None and above is not None:
                steps.setdefault(start, {})[ours] = above
    return plain, steps


def _batch(into: Gathering, subject: Subject, model: Mapping[str, Json], day: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for variant in map(mapping, items(model.get("price_variants"))):
        if variant.get("when") != BATCH:
            into.leave_out("prices for another way of asking: a priority, a speed, a route", shown(subject))
        elif _holds(variant, day):
            prices, _ = _prices(into, subject, mapping(variant.get("prices")), "pricing.batch.")
            sides = ("input_per_million", "output_per_million")
            found |= {f"batch.{side}": prices[side] for side in sides if prices.get(side)}
    return found
