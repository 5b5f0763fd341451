"""Which offering to call: what fits, in which order, and why the others do not."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.builders import model, offering, provider
from fixtures.catalogue import pricing
from openmodels.domain.choose import Choice, Contender, ExclusionCode, Wish, choose
from openmodels.domain.cost import Workload
from openmodels.domain.ranking import DEFAULT_WEIGHTS, PREFERENCES
from openmodels.domain.records import Model, Pricing
from openmodels.domain.telemetry import OfferingTelemetry, Timings
from openmodels.domain.vocabulary import ProviderStatus

D = Decimal
MODEL = model("m", context_window=1000, capabilities=("chat", "vision"))


def contender(
    name: str,
    *,
    prices: Pricing | None = None,
    uptime: float | None = None,
    checks: int = 0,
    ttft: float | None = None,
    total: float | None = None,
    status: ProviderStatus = "up",
    **fields: Any,
) -> Contender:
    timings = Timings(samples=0 if ttft is None else 20, p50_ttft_ms=ttft, p50_total_ms=total)
    return Contender(
        offering=offering(name, "m", pricing=prices or pricing("1", "1"), **fields),
        provider=provider(name),
        telemetry=OfferingTelemetry(checks_total=checks, uptime_percentage=uptime, timings=timings),
        status=status,
    )


def decide(
    *contenders: Contender, of: Model = MODEL, weights: Mapping[str, float] = DEFAULT_WEIGHTS, **asked: Any
) -> Choice:
    return choose(of, contenders, Wish(**asked), weights)


def chosen(choice: Choice) -> list[str]:
    return [one.contender.provider.id for one in choice.chosen]


def reasons(choice: Choice, name: str) -> list[str]:
    return next(list(one.reasons) for one in choice.chosen if one.contender.provider.id == name)


def exclusions(choice: Choice) -> dict[str, list[tuple[str, str]]]:
    return {one.contender.provider.id: [(r.code, r.message) for r in one.reasons] for one in choice.excluded}


def test_it_says_of_each_one_that_fits_what_speaks_for_it() -> None:
    choice = decide(
        contender("a", uptime=99.95, checks=2016, ttft=320.5, total=900, prices=pricing("1", "1")),
        contender("b", uptime=100, checks=1, ttft=200, total=2000, prices=pricing("2", "2")),
        contender("c", uptime=99, checks=20, prices=pricing(None, "2")),
        workload=Workload(input_tokens=200, output_tokens=100),
    )
    assert reasons(choice, "a") == [
        "cheapest of 2 for this workload: 0.0003 USD",
        "uptime 99.95 % over 2,016 checks",
        "p50 time to first token 320.5 ms, 2nd fastest of 2",
        "p50 total time 900 ms, fastest of 2",
    ]
    assert reasons(choice, "b")[:2] == [
        "2nd cheapest of 2 for this workload: 0.0006 USD",
        "uptime 100 % over 1 check",
    ]
    assert reasons(choice, "c") == [
        "price unknown: counts as nothing (input_per_million)",
        "uptime 99 % over 20 checks",
        "p50 time to first token unknown: too few measurements in the period",
        "p50 total time unknown: too few measurements in the period",
    ]


def test_it_says_when_nothing_was_measured() -> None:
    choice = decide(contender("a"), contender("b", prices=pricing(None, None)))
    assert reasons(choice, "a") == [
        "the only known price per million tokens, 3 in to 1 out: 1 USD",
        "no telemetry yet: judged by price alone",
    ]
    assert reasons(choice, "b") == [
        "price unknown: counts as nothing",
        "no telemetry yet: nothing is known of it",
    ]
    unread = choose(MODEL, [contender("a")], Wish(), DEFAULT_WEIGHTS, measured=False)
    assert reasons(unread, "a")[1:] == ["telemetry cannot be read now: judged by the registry alone"]


def test_it_says_what_speaks_against_one_that_fits() -> None:
    choice = decide(
        contender("a", status="degraded"),
        contender("b"),
        contender("c", prices=pricing("1", "1", "EUR")),
        workload=Workload(input_tokens=10),
    )
    assert "the provider is degraded now" in reasons(choice, "a")
    assert reasons(choice, "a")[0] == "joint cheapest of 2 for this workload: 0.00001 USD"
    assert reasons(choice, "c")[0] == (
        "0.00001 EUR for this workload; most offerings are priced in USD, so that is not compared"
    )
    old = msgspec.structs.replace(contender("d"), offering=offering("d", "m", status="deprecated"))
    assert "the offering's status is deprecated" in reasons(decide(old), "d")
    endless = model("m", context_window=None)
    known = decide(contender("a"), of=endless, workload=Workload(input_tokens=10))
    assert reasons(known, "a")[-1] == "context window unknown"


def test_it_counts_places_as_people_do() -> None:
    many = [contender(f"p{n:02}", prices=pricing(str(n), str(n))) for n in range(1, 24)]
    choice = decide(*many)
    for place, words in (
        (1, "cheapest"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (21, "21st"),
        (22, "22nd"),
    ):
        assert reasons(choice, f"p{place:02}")[0].startswith(words)


@pytest.mark.parametrize(
    ("made", "asked", "expected"),
    [
        ({"status": "down"}, {}, [("down", "the provider is down now")]),
        (
            {},
            {"capabilities": ["rerank", "chat"]},
            [("capability", "the model has no rerank; it has chat, vision")],
        ),
        (
            {"available_regions": ("us-east-1", "us-west-2")},
            {"regions": ["eu-west-1", "global"]},
            [("region", "not to be had in eu-west-1 or global; only in us-east-1, us-west-2")],
        ),
        ({}, {"min_context": 1001}, [("context", "context too small: needs 1,001, has 1,000")]),
        (
            {"context_window_override": 500},
            {"workload": Workload(input_tokens=400, output_tokens=200), "min_context": 550},
            [("context", "context too small: needs 600, has 500")],
        ),
        (
            {"max_output_tokens": 100},
            {"workload": Workload(output_tokens=200)},
            [("output", "answer too long: needs 200, may be at most 100")],
        ),
        (
            {"prices": pricing("1", "5")},
            {"max_price": D("1.5")},
            [("price", "price too high: 2 USD per million tokens blended, may be at most 1.5")],
        ),
        (
            {"prices": pricing("1", "5")},
            {"max_price": D("0.00001"), "workload": Workload(input_tokens=100)},
            [("price", "price too high: 0.0001 USD for a request, may be at most 0.00001")],
        ),
        (
            {"prices": pricing("1", None)},
            {"max_price": D("1.50")},
            [("price_unknown", "price unknown: may be at most 1.5 USD per million tokens blended")],
        ),
        (
            {"uptime": 98.5, "checks": 9},
            {"min_uptime": D(99)},
            [("uptime", "uptime too low: needs 99 %, has 98.5 %")],
        ),
        ({}, {"min_uptime": D("99.9")}, [("uptime_unknown", "uptime unknown: needs 99.9 %")]),
        (
            {"ttft": 1200.25},
            {"max_ttft_ms": D(800)},
            [("ttft", "median time to first token too long: 1,200.25 ms, may be at most 800 ms")],
        ),
        (
            {},
            {"max_ttft_ms": D(800)},
            [("ttft_unknown", "median time to first token unknown: may be at most 800 ms")],
        ),
        (
            {"status": "down", "prices": pricing(None, None)},
            {"max_price": D(1), "min_uptime": D(1), "min_context": 2000},
            [
                ("down", "the provider is down now"),
                ("context", "context too small: needs 2,000, has 1,000"),
                ("price_unknown", "price unknown: may be at most 1 USD per million tokens blended"),
                ("uptime_unknown", "uptime unknown: needs 1 %"),
            ],
        ),
    ],
)
def test_it_gives_every_reason_why_one_does_not_fit(
    made: dict[str, Any], asked: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    choice = decide(contender("a", **made), **asked)
    assert chosen(choice) == []
    assert exclusions(choice) == {"a": expected}


def test_it_leaves_out_what_is_retired() -> None:
    gone = msgspec.structs.replace(contender("b"), offering=offering("b", "m", status="retired"))
    choice = decide(contender("a"), gone)
    assert chosen(choice) == ["a"]
    assert exclusions(choice) == {"b": [("retired", "the provider has retired it")]}


def test_it_compares_no_price_with_a_limit_in_another_currency() -> None:
    choice = decide(
        contender("a"), contender("b"), contender("c", prices=pricing("1", "1", "EUR")), max_price=D(2)
    )
    assert chosen(choice) == ["a", "b"]
    message = "priced in EUR: cannot be compared with the most, 2 USD"
    assert exclusions(choice) == {"c": [("currency", message)]}


def test_it_takes_what_is_exactly_at_the_limit() -> None:
    one = contender("a", uptime=99.9, checks=1, ttft=800.0004)
    assert chosen(
        decide(
            one,
            min_uptime=D("99.9"),
            max_ttft_ms=D(800),
            max_price=D(1),
            min_context=1000,
            workload=Workload(input_tokens=1000),
        )
    ) == ["a"]


@pytest.mark.parametrize("figure", ["99.6", "99.5", "0.1", "302.3", "7", "0", "100", "99.999"])
def test_a_figure_is_at_its_limit_to_the_last_digit(figure: str) -> None:
    least = D("0.001")
    measured: dict[str, Any] = {"uptime": float(figure), "checks": 500, "ttft": float(figure)}
    assert chosen(decide(contender("a", **measured), max_ttft_ms=D(figure))) == ["a"]
    assert chosen(decide(contender("a", **measured), min_uptime=D(figure))) == ["a"]
    assert chosen(decide(contender("a", **measured), min_uptime=D(figure) + least)) == []
    assert chosen(decide(contender("a", **measured), max_ttft_ms=D(figure) - least)) == []


def test_what_was_counted_is_at_its_limit_too() -> None:
    counted = contender("a", uptime=498 / 500 * 100, checks=500)
    assert chosen(decide(counted, min_uptime=D("99.6"))) == ["a"]


def test_what_is_retired_has_no_say_in_the_currency_of_the_limit() -> None:
    euro = contender("a", prices=pricing("1", "1", "EUR"))
    gone = [
        msgspec.structs.replace(contender(name), offering=offering(name, "m", status="retired"))
        for name in ("b", "c")
    ]
    assert chosen(decide(euro, *gone, max_price=D(2))) == ["a"]


def test_it_asks_for_a_known_window_only_where_one_is_asked_for() -> None:
    endless = model("m", context_window=None)
    assert chosen(decide(contender("a"), of=endless, workload=Workload(input_tokens=10**6))) == ["a"]
    choice = decide(contender("a"), of=endless, min_context=10)
    assert exclusions(choice) == {"a": [("context_unknown", "context unknown: needs 10")]}
    assert chosen(decide(contender("a"), of=endless, min_context=0)) == ["a"]


def test_it_ranks_by_what_the_workload_costs_in_place_of_the_blended_price() -> None:
    reader = contender("reads-cheaply", prices=pricing("1", "100"))
    writer = contender("writes-cheaply", prices=pricing("10", "10"))
    assert chosen(decide(reader, writer)) == ["writes-cheaply", "reads-cheaply"]
    asked = decide(reader, writer, workload=Workload(input_tokens=900, output_tokens=1))
    assert chosen(asked) == ["reads-cheaply", "writes-cheaply"]
    assert [one.price for one in asked.chosen] == [D("0.001"), D("0.00901")]
    assert asked.chosen[0].ranked.factors.price.value == D("0.001")


def test_it_scores_among_those_that_fit() -> None:
    fast = contender("fast", ttft=100, uptime=50, checks=100)
    slow = contender("slow", ttft=400, uptime=100, checks=100)
    assert decide(fast, slow).chosen[-1].ranked.factors.ttft.score in {25, 100}
    alone = decide(fast, slow, min_uptime=D(90))
    assert alone.chosen[0].ranked.factors.ttft.score == 100


def test_it_documents_every_reason_to_exclude() -> None:
    page = (Path(__file__).parents[3] / "docs" / "cost.md").read_text(encoding="utf-8")
    for code in get_args(ExclusionCode):
        assert f"`{code}`" in page


def test_it_chooses_nothing_from_nothing() -> None:
    choice = decide()
    assert (choice.chosen, choice.excluded) == ((), ())


# What has a shape.

AMOUNTS = st.none() | st.decimals(0, 100, places=3)
WORKLOADS = st.builds(Workload, input_tokens=st.integers(0, 2000), output_tokens=st.integers(0, 500))
REGIONS = ("us-east-1", "eu-west-1", "global")


@st.composite
def many(draw: st.DrawFn) -> list[Contender]:
    names = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6))
    return [
        msgspec.structs.replace(
            contender(
                name,
                prices=pricing(None, None, draw(st.sampled_from(["USD", "EUR"]))),
                uptime=draw(st.none() | st.floats(0, 100)),
                checks=draw(st.integers(0, 200)),
                ttft=draw(st.none() | st.floats(0, 5000)),
                status=draw(st.sampled_from(["up", "down", "degraded", "unknown"])),
            ),
            offering=offering(
                name,
                "m",
                pricing=Pricing(
                    input_per_million=draw(AMOUNTS),
                    output_per_million=draw(AMOUNTS),
                    currency=draw(st.sampled_from(["USD", "EUR"])),
                ),
                status=draw(st.sampled_from(["active", "preview", "retired"])),
                context_window_override=draw(st.none() | st.integers(1, 3000)),
                max_output_tokens=draw(st.none() | st.integers(1, 600)),
                available_regions=tuple(
                    draw(st.lists(st.sampled_from(REGIONS), unique=True, min_size=1, max_size=3))
                ),
            ),
        )
        for name in names
    ]


CONSTRAINTS: dict[str, st.SearchStrategy[Any]] = {
    "min_context": st.integers(0, 3000),
    "regions": st.lists(st.sampled_from(REGIONS), min_size=1, max_size=2),
    "max_price": st.decimals(0, 100, places=3),
    "min_uptime": st.decimals(0, 100, places=2),
    "max_ttft_ms": st.decimals(0, 5000, places=1),
    "capabilities": st.lists(st.sampled_from(["chat", "vision", "rerank"]), min_size=1, max_size=2),
}
SOME = st.fixed_dictionaries({}, optional=CONSTRAINTS)


@given(many(), SOME, st.none() | WORKLOADS, st.sampled_from(sorted(PREFERENCES)))
@settings(max_examples=150)
def test_each_offering_is_either_chosen_or_excluded_with_a_reason(
    contenders: list[Contender], asked: dict[str, Any], work: Workload | None, prefer: str
) -> None:
    choice = decide(*contenders, weights=PREFERENCES[prefer], workload=work, **asked)
    listed = [*chosen(choice), *(one.contender.provider.id for one in choice.excluded)]
    assert sorted(listed) == sorted(c.provider.id for c in contenders)
    assert all(one.reasons for one in choice.chosen)
    assert all(one.reasons for one in choice.excluded)
    assert [one.ranked.rank for one in choice.chosen] == list(range(1, len(choice.chosen) + 1))


@given(many(), SOME, st.none() | WORKLOADS, st.data())
@settings(max_examples=150)
def test_a_further_constraint_never_adds_an_offering(
    contenders: list[Contender], asked: dict[str, Any], work: Workload | None, data: st.DataObject
) -> None:
    before = set(chosen(decide(*contenders, workload=work, **asked)))
    name = data.draw(st.sampled_from(sorted(set(CONSTRAINTS) - set(asked)) or ["workload"]))
    if name == "workload":
        return
    further = {name: data.draw(CONSTRAINTS[name])}
    assert set(chosen(decide(*contenders, workload=work, **asked, **further))) <= before
