"""``GET /api/models/{model_id}/choose``."""

import pytest

from contract.builders import check, measurement, minutes, model, offering, provider, registry
from fixtures.catalogue import pricing
from fixtures.failing import FailingTelemetry
from fixtures.service import NOW, Service, start_service
from fixtures.shapes import FACTORS, PERFORMANCE
from openmodels.errors import StoreError

pytestmark = pytest.mark.anyio

URL = "/api/models/alpha-1/choose"
DECISION = [
    "model_id",
    "model_name",
    "period",
    "asked",
    "weights",
    "chosen",
    "offerings",
    "excluded",
    "note",
]
ASKED = [
    "input_tokens",
    "output_tokens",
    "min_context",
    "region",
    "max_price",
    "min_uptime",
    "max_ttft_ms",
    "capability",
    "prefer",
]
CHOSEN = [
    "rank",
    "provider_id",
    "provider_name",
    "provider_model_name",
    "api_base_url",
    "status",
    "composite_score",
    "confidence",
    "cost",
    "performance",
    "factors",
    "reasons",
]


async def chosen(api: Service, query: str = "") -> list[str]:
    body = await api.json(f"{URL}?{query}")
    rows = [row["provider_id"] for row in body["offerings"]]
    assert body["chosen"] == (rows[0] if rows else None)
    return rows


async def codes(api: Service, query: str) -> dict[str, list[str]]:
    rows = (await api.json(f"{URL}?{query}"))["excluded"]
    return {row["provider_id"]: [reason["code"] for reason in row["reasons"]] for row in rows}


async def test_it_lists_every_field_in_order(api: Service) -> None:
    body = await api.json(f"{URL}?max_ttft_ms=400")
    assert list(body) == DECISION
    assert list(body["asked"]) == ASKED
    assert list(body["weights"]) == FACTORS
    assert (body["model_id"], body["model_name"], body["period"]) == ("alpha-1", "Alpha One", "7d")
    for row in body["offerings"]:
        assert list(row) == CHOSEN
        assert list(row["cost"]) == ["amount", "currency", "basis"]
        assert list(row["performance"]) == PERFORMANCE
        assert list(row["factors"]) == FACTORS
    for row in body["excluded"]:
        assert list(row) == ["provider_id", "provider_name", "reasons"]
        assert all(list(reason) == ["code", "message"] for reason in row["reasons"])


@pytest.mark.parametrize("query", ["", "prefer=price", "prefer=latency&period=24h"])
async def test_it_ranks_as_ranked_does_where_nothing_is_asked(query: str) -> None:
    service = await start_service()
    checks = [check("cirrus", NOW - minutes(n), "down" if n == 9 else "up") for n in range(30)]
    checks += [check("altus", NOW - minutes(n)) for n in range(3)]
    await service.record(checks, [measurement("cirrus", "alpha-1", NOW - minutes(n)) for n in range(6)])
    ranked = (await service.json(f"/api/telemetry/ranked/alpha-1?{query}"))["ranked_providers"]
    rows = (await service.json(f"{URL}?{query}"))["offerings"]
    assert len(rows) == 3
    for row, expected in zip(rows, ranked, strict=True):
        for name in ("rank", "provider_id", "composite_score", "confidence", "factors"):
            assert row[name] == expected[name]


async def test_it_gives_reasons_that_can_be_checked() -> None:
    service = await start_service()
    checks = [check("cirrus", NOW - minutes(n), "up") for n in range(30)]
    measured = [
        measurement(
            "cirrus", "alpha-1", NOW - minutes(n), time_to_first_token_ms=320, total_response_time_ms=900
        )
        for n in range(6)
    ]
    await service.record(checks, measured)
    body = await service.json(f"{URL}?input_tokens=1000&output_tokens=200")
    first, second = body["offerings"][:2]
    assert (body["chosen"], first["provider_id"]) == ("cirrus", "cirrus")
    assert first["reasons"] == [
        "2nd cheapest of 2 for this workload: 0.0006 USD",
        "uptime 100 % over 30 checks",
        "p50 time to first token 320 ms, the only one known",
        "p50 total time 900 ms, the only one known",
    ]
    assert first["cost"] == {"amount": 0.0006, "currency": "USD", "basis": "request"}
    assert first["factors"]["price"]["value"] == 0.0006
    assert first["api_base_url"] == "https://cirrus.example.com/v1"
    assert first["provider_model_name"] == "acme/alpha-1@2026"
    assert first["performance"]["p50_ttft_ms"] == 320
    assert second["reasons"] == [
        "cheapest of 2 for this workload: 0.00042 USD",
        "no telemetry yet: judged by price alone",
    ]


async def test_it_takes_the_blended_price_where_no_tokens_are_given() -> None:
    service = await start_service()
    row = (await service.json(URL))["offerings"][0]
    assert row["cost"] == {"amount": 0.375, "currency": "USD", "basis": "blended_million"}
    assert await chosen(service, "max_price=0.375") == ["nimbus"]
    assert await chosen(service, "max_price=0.0006&input_tokens=1000&output_tokens=200") == [
        "nimbus",
        "cirrus",
    ]
    assert await chosen(service, "max_price=0.0005&input_tokens=1000&output_tokens=200") == ["nimbus"]


async def test_it_says_of_each_excluded_one_every_reason(api: Service) -> None:
    body = await api.json(f"{URL}?min_context=150000&max_price=1&min_uptime=99&region=eu-west-1,ap-south-1")
    rows = {row["provider_id"]: row for row in body["excluded"]}
    assert (body["chosen"], body["offerings"]) == (None, [])
    assert {name: [r["code"] for r in row["reasons"]] for name, row in rows.items()} == {
        "altus": ["price_unknown"],
        "cirrus": ["context", "uptime"],
        "nimbus": ["down", "region", "uptime"],
    }
    assert rows["cirrus"]["provider_name"] == "Cirrus Cloud"
    assert [reason["message"] for reason in rows["cirrus"]["reasons"]] == [
        "context too small: needs 150,000, has 128,000",
        "uptime too low: needs 99 %, has 90 %",
    ]


async def test_it_never_chooses_who_is_down() -> None:
    service = await start_service()
    await service.record([check("nimbus", NOW - minutes(5 * n), "down") for n in range(4)][::-1])
    assert await chosen(service) == ["cirrus", "altus"]
    assert await codes(service, "") == {"nimbus": ["down"]}


async def test_it_excludes_everything_where_the_model_cannot_do_it(api: Service) -> None:
    assert {"capability"} == {
        code for row in (await codes(api, "capability=rerank")).values() for code in row
    } - {"down"}
    assert len(await codes(api, "capability=rerank")) == 3
    # Of several, all must be met; other spellings are understood.
    assert await codes(api, "capability=vision,tools") == await codes(api, "")
    assert len(await codes(api, "capability=vision,rerank")) == 3
    assert (await api.json(f"{URL}?capability=tools"))["asked"]["capability"] == ["function-calling"]


async def test_it_echoes_what_was_asked(api: Service) -> None:
    query = "input_tokens=10&max_price=0.50&min_uptime=99.9&max_ttft_ms=800&region=a,b&prefer=latency"
    assert (await api.json(f"{URL}?{query}&min_context=5&capability=chat"))["asked"] == {
        "input_tokens": 10,
        "output_tokens": None,
        "min_context": 5,
        "region": ["a", "b"],
        "max_price": 0.5,
        "min_uptime": 99.9,
        "max_ttft_ms": 800,
        "capability": ["chat"],
        "prefer": "latency",
    }
    nothing = (await api.json(URL))["asked"]
    assert nothing.pop("prefer") == "balanced"
    assert all(value in (None, []) for value in nothing.values())


async def test_it_looks_at_figures_of_all_regions_wherever_the_offering_is(api: Service) -> None:
    (cirrus,) = (await api.json(f"{URL}?region=us-east-1"))["offerings"]
    everywhere = (await api.json(URL))["offerings"]
    assert cirrus["performance"] == next(
        row["performance"] for row in everywhere if row["provider_id"] == "cirrus"
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("min_uptime=100.1", "min_uptime must be a number from 0 to 100, not '100.1'"),
        ("min_uptime=nan", "min_uptime must be a number from 0 to 100, not 'nan'"),
        ("max_price=-1", "max_price must be a number from 0 to 1000000000, not '-1'"),
        ("max_price=1e10", "max_price must be a number from 0 to 1000000000, not '1e10'"),
        ("max_ttft_ms=fast", "max_ttft_ms must be a number from 0 to 3600000, not 'fast'"),
        ("input_tokens=1e3", "input_tokens must be an integer from 0 to 100000000, not '1e3'"),
        (
            "prefer=latncy",
            (
                "prefer must be one of balanced, latency, price, reliability (did you mean latency?), "
                "not 'latncy'"
            ),
        ),
    ],
)
async def test_it_explains_what_cannot_be_asked(api: Service, query: str, message: str) -> None:
    assert (await api.problem(f"{URL}?{query}"))["message"] == message


async def test_it_is_not_made_to_write_a_million_digits(api: Service) -> None:
    for value in ("1e-999999", "0E%2B9999999", "0e99"):
        error = await api.problem(f"{URL}?max_price={value}&min_uptime={value}&max_ttft_ms={value}")
        assert "with an exponent of at most 20" in error["message"]
    answer = await api.get(f"{URL}?max_price=1e-20&min_uptime=0e20&max_ttft_ms=0e-20")
    assert answer.status_code == 200
    assert len(answer.content) < 10_000


@pytest.mark.parametrize("query", ["input_tokens=0", "output_tokens=0", "input_tokens=0&output_tokens=0"])
async def test_no_tokens_are_no_request(api: Service, query: str) -> None:
    asked, plain = await api.json(f"{URL}?{query}"), await api.json(URL)
    assert asked["offerings"] == plain["offerings"]
    assert {row["cost"]["basis"] for row in asked["offerings"]} == {"blended_million"}
    assert await chosen(api, f"{query}&max_price=0.375") == await chosen(api, "max_price=0.375")
    assert await chosen(api, f"{query}&max_price=0") == []


async def test_it_answers_an_alias_and_suggests_what_was_meant(api: Service) -> None:
    assert (await api.json("/api/models/alpha-latest/choose"))["model_id"] == "alpha-1"
    body = await api.json("/api/models/delta-embed/choose")
    assert (body["chosen"], body["offerings"], body["excluded"]) == (None, [], [])
    error = await api.problem("/api/models/gama-free/choose", 404)
    assert error["message"] == "Model not found: 'gama-free'. Did you mean 'gamma-free'?"


async def test_it_decides_by_the_registry_alone_while_telemetry_cannot_be_read() -> None:
    service = await start_service(telemetry=FailingTelemetry(StoreError("away")))
    answer = await service.get(f"{URL}?max_price=0.5")
    body = answer.json()
    assert (answer.status_code, body["chosen"]) == (200, "nimbus")
    assert body["note"] == (
        "what was measured cannot be read now: judged by the registry alone; "
        "whether providers are down cannot be read now"
    )
    assert body["offerings"][0]["reasons"][1] == "telemetry cannot be read now: judged by the registry alone"
    for query in ("min_uptime=1", "max_ttft_ms=1000"):
        error = await service.problem(f"{URL}?{query}", 503)
        assert error["type"] == "SERVICE_UNAVAILABLE"


async def test_it_forgets_such_an_answer_when_telemetry_is_back() -> None:
    telemetry = FailingTelemetry(StoreError("away"))
    service = await start_service(telemetry=telemetry)
    assert (await service.json(URL))["note"] is not None
    telemetry.error = None
    service.clock.advance(seconds=11)
    assert (await service.json(URL))["note"] is None


async def test_it_does_not_mix_currencies() -> None:
    content = registry(
        model("m"),
        *(provider(name) for name in "abc"),
        offering("a", "m", pricing=pricing("2", "2")),
        offering("b", "m", pricing=pricing("1", "1")),
        offering("c", "m", pricing=pricing("1", "1", "EUR")),
    )
    service = await start_service(content)
    body = await service.json("/api/models/m/choose?input_tokens=100&max_price=1")
    assert [row["provider_id"] for row in body["offerings"]] == ["b", "a"]
    assert body["excluded"][0]["reasons"] == [
        {"code": "currency", "message": "priced in EUR: cannot be compared with the most, 1 USD"}
    ]
    rows = (await service.json("/api/models/m/choose?input_tokens=100"))["offerings"]
    assert rows[2]["factors"]["price"]["note"] == "priced in EUR, most offerings in USD: not compared"
    assert rows[2]["cost"] == {"amount": 0.0001, "currency": "EUR", "basis": "request"}
