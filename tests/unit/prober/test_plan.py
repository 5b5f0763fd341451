"""What is probed and how, from a revision and the settings; and why something is not."""

from decimal import Decimal
from typing import Any

import pytest

from contract.builders import AT, model, offering, provider, registry
from openmodels.domain.records import Model, Offering, ProbePolicy, Provider
from openmodels.domain.snapshot import Snapshot, build_snapshot
from openmodels.prober.plan import Plan, is_text_chat, make_plan, stray_endpoints
from openmodels.prober.schedule import Job
from openmodels.prober.style import load_styles
from openmodels.settings import read_settings


def snapshot_of(*records: Model | Provider | Offering) -> Snapshot:
    return build_snapshot(registry(*records), revision="r1", published_at=AT)


def plan_of(*records: Model | Provider | Offering, **settings: str) -> Plan:
    environ = {f"OPENMODELS_{name}": value for name, value in settings.items()}
    return make_plan(snapshot_of(*records), read_settings(environ), load_styles())


def unmeasured(p: Provider, *more: Model | Offering, **settings: str) -> str:
    return plan_of(p, *(more or (model("m"), offering("p", "m"))), **settings).providers["p"].unmeasured


def test_it_checks_and_measures_a_provider_of_chat_models() -> None:
    plan = plan_of(
        provider("p", env=("P_KEY",)),
        model("b", capabilities=("chat", "reasoning")),
        model("a"),
        offering("p", "b", provider_model_name="vendor/b"),
        offering("p", "a"),
    )
    assert plan.intervals() == {Job("p", "health"): 300, Job("p", "latency"): 900}
    one = plan.providers["p"]
    assert (one.target.base_url, one.target.style) == ("https://p.example.com/v1", "openai-chat")
    assert (one.target.timeout, one.target.key, one.target.own_endpoint) == (30, None, False)
    assert one.variables == ("P_KEY",)
    assert one.needs_key
    assert (one.unprobed, one.unmeasured) == ("", "")
    assert [
        (c.completion.model_id, c.completion.model_name, c.completion.reasoning) for c in one.choices
    ] == [
        ("a", "a", False),
        ("b", "vendor/b", True),
    ]
    # 200 tokens in, 32 or 1024 out, at 0.15 per million.
    assert [c.estimate for c in one.choices] == [232 * 150, 1224 * 150]


def test_offerings_take_turns_by_slot() -> None:
    models = [model(name) for name in "abc"]
    one = plan_of(provider("p"), *models, *(offering("p", m.id) for m in models)).providers["p"]
    assert [one.choice(slot).completion.model_id for slot in range(300, 306)] == list("abcabc")


def test_a_provider_without_authentication_needs_no_key() -> None:
    assert not plan_of(provider("p", auth_type="none")).providers["p"].needs_key


def test_it_goes_by_the_providers_own_policy() -> None:
    own = ProbePolicy(
        style="openai-responses",
        health_path="/health",
        health_interval=60,
        latency_interval=120,
        daily_limit=3,
        timeout=7,
    )
    plan = plan_of(provider("p", probe=own), model("m"), offering("p", "m"))
    assert plan.intervals() == {Job("p", "health"): 60, Job("p", "latency"): 120}
    one = plan.providers["p"]
    assert (one.target.style, one.target.health_path, one.target.timeout) == (
        "openai-responses",
        "/health",
        7,
    )
    assert one.policy.daily_limit == 3
    assert one.policy.daily_budget == Decimal("0.50")


def test_it_asks_where_the_operator_says() -> None:
    plan = plan_of(provider("p"), ENDPOINTS="p=http://10.0.0.5:8000/v1")
    target = plan.providers["p"].target
    assert (target.base_url, target.own_endpoint) == ("http://10.0.0.5:8000/v1", True)


def test_a_disabled_provider_is_left_alone() -> None:
    plan = plan_of(provider("p", probe=ProbePolicy(enabled=False)), model("m"), offering("p", "m"))
    assert plan.intervals() == {}
    assert plan.providers["p"].unprobed == plan.providers["p"].unmeasured == "disabled in its file"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"compatibility": "custom"}, "no API style for compatibility custom"),
        ({"auth_type": "oauth2"}, "oauth2 is not supported"),
        ({"probe": ProbePolicy(daily_limit=0)}, "daily limit 0"),
        (
            {"probe": ProbePolicy(style="openai-chatt")},
            "no API style is named openai-chatt; did you mean openai-chat?",
        ),
        (
            {"probe": ProbePolicy(style="zzz")},
            "no API style is named zzz; there are anthropic, cohere, google, openai-chat, openai-responses",
        ),
        (
            {"probe": ProbePolicy(daily_budget=Decimal("0.000001"))},
            "one probe may cost more than the daily budget of 0.000001",
        ),
    ],
)
def test_it_says_why_a_provider_is_checked_but_not_measured(fields: dict[str, Any], reason: str) -> None:
    one = provider("p", **fields)
    assert unmeasured(one) == reason
    assert list(plan_of(one, model("m"), offering("p", "m")).intervals()) == [Job("p", "health")]


def test_it_says_what_to_fill_in() -> None:
    # A registry's files cannot hold such an address today; a database of another version may.
    holed = provider("p", api_base_url="https://api.example.com/{account_id}/v1")
    assert unmeasured(holed) == (
        "its address has places to fill in: set OPENMODELS_ENDPOINTS=p=<whole address>"
    )
    assert plan_of(holed).intervals() == {}
    assert unmeasured(holed, ENDPOINTS="p=https://api.example.com/me/v1") == ""


@pytest.mark.parametrize(
    "records",
    [
        (model("m", capabilities=("embeddings",)), offering("p", "m")),
        (model("m"), offering("p", "m", status="retired")),
        (model("m"),),
    ],
    ids=["embeddings", "retired", "nothing"],
)
def test_it_says_when_no_chat_model_is_offered(records: tuple[Model | Offering, ...]) -> None:
    assert unmeasured(provider("p"), *records) == "no chat model offered"


def test_it_leaves_out_only_what_one_probe_could_spend_the_day_on() -> None:
    one = plan_of(
        provider("p"),
        model("dear", capabilities=("chat", "reasoning")),
        model("fair"),
        offering("p", "dear", "600"),
        offering("p", "fair", "600"),
    ).providers["p"]
    assert [choice.completion.model_id for choice in one.choices] == ["fair"]


def test_a_budget_of_nothing_measures_what_is_free() -> None:
    one = plan_of(
        provider("p", probe=ProbePolicy(daily_budget=Decimal(0))),
        model("free"),
        model("paid"),
        offering("p", "free", "0"),
        offering("p", "paid"),
    ).providers["p"]
    assert [choice.completion.model_id for choice in one.choices] == ["free"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"capabilities": ("completion",)}, True),
        ({"capabilities": ("code",), "modalities": ("code",)}, True),
        ({"capabilities": ("embeddings", "rerank")}, False),
        ({"capabilities": ("image-generation",), "modalities": ("text", "image")}, False),
        ({"modalities": ("text", "image"), "output_modalities": ("image",)}, False),
        ({"modalities": ("text", "audio"), "input_modalities": ("audio",)}, False),
    ],
)
def test_it_knows_who_answers_text_with_text(fields: dict[str, Any], expected: bool) -> None:
    assert is_text_chat(model("m", **fields)) is expected


def test_it_says_which_endpoint_is_for_nobody() -> None:
    settings = read_settings({"OPENMODELS_ENDPOINTS": "grok=http://x:1,groq=http://y:1,zzzzzz=http://z:1"})
    assert stray_endpoints(settings, snapshot_of(provider("groq"))) == [
        "OPENMODELS_ENDPOINTS names grok, which is no provider; did you mean groq?",
        "OPENMODELS_ENDPOINTS names zzzzzz, which is no provider",
    ]
