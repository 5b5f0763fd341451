from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.domain.vocabulary import OUTCOMES, Outcome
from openmodels.prober.outcomes import (
    Cause,
    cause_of,
    health_status,
    outcome_of_completion,
    outcome_of_health,
    say,
)

NOTHING = Cause()


def cause(**error: Any) -> Cause:
    return cause_of(msgspec.json.encode({"error": error}))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, "bad_request"),
        (400, "bad_request"),
        (401, "auth"),
        (402, "quota"),
        (403, "auth"),
        (404, "model_missing"),
        (405, "bad_request"),
        (408, "bad_request"),
        (422, "bad_request"),
        (429, "rate_limited"),
        (500, "server_error"),
        (503, "server_error"),
        (529, "server_error"),
        (999, "server_error"),
    ],
)
def test_it_reads_the_status_of_a_completion(status: int, expected: Outcome) -> None:
    assert outcome_of_completion(status, NOTHING) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, "ok"),
        (204, "ok"),
        (301, "bad_request"),
        (401, "auth"),
        (404, "bad_request"),
        (405, "bad_request"),
        (429, "rate_limited"),
        (500, "server_error"),
    ],
)
def test_it_reads_the_status_of_a_health_check(status: int, expected: Outcome) -> None:
    assert outcome_of_health(status, NOTHING) == expected


@given(st.integers(200, 999))
def test_it_calls_a_provider_up_exactly_when_it_answers_below_500(status: int) -> None:
    assert health_status(outcome_of_health(status, NOTHING)) == ("up" if status < 500 else "down")


@pytest.mark.parametrize("outcome", ["server_error", "timeout", "network", "blocked", "bad_stream"])
def test_it_calls_a_provider_down_that_gave_no_answer(outcome: Outcome) -> None:
    assert health_status(outcome) == "down"


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        # OpenAI out of credit, and too fast
        (429, {"code": "insufficient_quota", "type": "insufficient_quota"}, "quota"),
        (429, {"code": "rate_limit_exceeded", "type": "requests"}, "rate_limited"),
        # Anthropic out of credit
        (400, {"type": "invalid_request_error", "message": "Your credit balance is too low to ..."}, "quota"),
        # Alibaba and Moonshot out of credit
        (400, {"code": "Arrearage"}, "quota"),
        (429, {"type": "exceeded_current_quota_error"}, "quota"),
        # OpenAI, Mistral, Groq, DeepSeek, LiteLLM and OpenRouter without the model
        (400, {"code": "model_not_found"}, "model_missing"),
        (403, {"code": "model_not_found"}, "model_missing"),
        (400, {"type": "invalid_model", "code": "1500"}, "model_missing"),
        (400, {"code": "model_decommissioned"}, "model_missing"),
        (400, {"message": "Model Not Exist", "type": "invalid_request_error"}, "model_missing"),
        (400, {"message": "Invalid model name passed in model=x", "code": "400"}, "model_missing"),
        (400, {"message": "x is not a valid model ID", "code": 400}, "model_missing"),
        (404, {"message": "The model `x` does not exist"}, "model_missing"),
        # LiteLLM with a wrong key, and without one
        (400, {"message": "No connected db.", "type": "no_db_connection", "code": "400"}, "auth"),
        (400, {"message": "Authentication Error, ...", "type": "auth_error"}, "auth"),
        (500, {"message": "...", "type": "auth_error"}, "auth"),
        # Google with a wrong key
        (400, {"status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}, "auth"),
        (400, {"message": "max_tokens is too small", "type": "invalid_request_error"}, "bad_request"),
        (500, {"message": "the model does not exist in memory", "type": "server_error"}, "server_error"),
    ],
)
def test_it_reads_the_cause_from_the_body(status: int, error: dict[str, Any], expected: Outcome) -> None:
    assert outcome_of_completion(status, cause(**error)) == expected


def test_it_reads_a_cause_wherever_apis_put_it() -> None:
    assert cause_of(b'[{"error": {"status": "PERMISSION_DENIED"}}]').codes == ("permission_denied",)
    assert cause_of(b'{"message": "Invalid API Key"}').message == "invalid api key"
    assert cause_of(b'{"error": "no"}').message == "no"
    assert cause_of(b'{"detail": "Not Found"}').message == "not found"
    assert cause_of(b'{"type": "error", "error": {"type": "billing_error"}}').codes == (
        "error",
        "billing_error",
    )


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"[]", b"3", b"[[", b"[" * 100_000, b'{"error": [1]}']
)
def test_it_reads_no_cause_from_anything_else(body: bytes) -> None:
    assert cause_of(body) == NOTHING


NAMES = st.sampled_from(["error", "type", "code", "message", "details", "reason", "detail"])
BODIES = st.recursive(
    st.none() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
)


@given(st.integers(300, 999), BODIES)
def test_it_has_an_outcome_and_words_for_any_answer(status: int, body: Any) -> None:
    found = cause_of(msgspec.json.encode(body))
    for outcome in (outcome_of_completion(status, found), outcome_of_health(status, found)):
        assert outcome in OUTCOMES
        assert str(status) in say(status, outcome)


def test_it_says_of_a_redirect_that_it_is_not_followed() -> None:
    assert say(307, "bad_request") == "answered 307, a redirect, which is not followed"
