"""What an answer means: from its status, and the codes in its body, to one word of the vocabulary."""

import errno
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from openmodels.domain.vocabulary import Outcome

UP_OUTCOMES: frozenset[Outcome] = frozenset({"ok", "auth", "rate_limited", "quota", "bad_request"})
"""Outcomes of a health check that prove that the API is serving: every answer below 500 is one of them."""

# Parts of the codes with which APIs name a cause, after they are written in lower case with underscores.
_AUTH = (
    "authenticat",
    "auth_error",
    "unauthori",
    "api_key",
    "apikey",
    "invalid_token",
    # LiteLLM without a database knows only its master key, and says this of any other.
    "no_db_connection",
)
_QUOTA = (
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_credit",
    "insufficient_funds",
    "exceeded_current_quota",
    "credit_balance",
    "out_of_credit",
    "billing",
    "payment",
    "arrear",
)
_MODEL = (
    "model_not_found",
    "model_not_exist",
    "model_not_available",
    "model_not_supported",
    "model_decommissioned",
    "invalid_model",
    "unknown_model",
)
# Some APIs give these two causes in the message alone: Anthropic the first; DeepSeek, LiteLLM and OpenRouter
# the second.
_QUOTA_MESSAGE = re.compile(r"credit balance is too low|insufficient (balance|credits|funds)")
_MODEL_MESSAGE = re.compile(
    r"invalid model name|unknown model|not a valid model|\bmodel\b.{0,200}\b(not found|not exist)"
)
_MAX_TEXT = 2000
_EXHAUSTION = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class ProbeFailed(Exception):
    """A probe came to nothing. ``outcome`` says how; ``detail`` says it to people, in our own words."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(f"{outcome}: {detail}")
        self.outcome = outcome
        self.detail = detail


class Exhausted(Exception):
    """This machine has no socket, thread or memory left for a probe: that says nothing of any provider."""


def is_exhaustion(error: OSError) -> bool:
    """Whether the system refused for want of something of its own."""
    return error.errno in _EXHAUSTION


class Cause(NamedTuple):
    """What the body of an error says about its cause."""

    codes: tuple[str, ...] = ()
    """Every code, type, status and reason, in lower case with underscores."""
    message: str = ""
    """The message, in lower case."""

    def names(self, parts: tuple[str, ...]) -> bool:
        """Whether one of the codes contains one of ``parts``."""
        return any(part in code for code in self.codes for part in parts)


def cause_of(body: bytes) -> Cause:
    """The codes and the message of an error's body; empty when it is not JSON or has another shape."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return Cause()
    outer = decoded[0] if isinstance(decoded, list) and decoded else decoded
    if not isinstance(outer, dict):
        return Cause()
    inner = outer.get("error")
    codes = list(_codes(outer))
    message = _text(inner) or _text(outer.get("message")) or _text(outer.get("detail"))
    if isinstance(inner, dict):
        codes += _codes(inner)
        message = _text(inner.get("message")) or message
    return Cause(tuple(codes), message.lower())


def outcome_of_completion(status: int, cause: Cause) -> Outcome:
    """What an answer to a completion means that is not the answer asked for (any status but 2xx)."""
    return _outcome_of(status, cause, completion=True)


def outcome_of_health(status: int, cause: Cause) -> Outcome:
    """What any answer to a health check means.

    A path that is not there (404) or that has moved (3xx) is the fault of our request: ``bad_request``.
    """
    return "ok" if 200 <= status < 300 else _outcome_of(status, cause, completion=False)


def health_status(outcome: Outcome) -> Literal["up", "down"]:
    """Whether a health check with this outcome proves that the API is serving."""
    return "up" if outcome in UP_OUTCOMES else "down"


def say(status: int, outcome: Outcome) -> str:
    """An answer and what it means, for people."""
    if outcome == "ok":
        return ""
    if 300 <= status < 400:
        return f"answered {status}, a redirect, which is not followed"
    meaning = {
        "auth": "the key is missing or was refused",
        "quota": "the account is out of credit",
        "rate_limited": "too many requests",
        "model_missing": "no such model there",
        "bad_request": "the request was refused",
        "server_error": "an error of the server",
    }
    return f"answered {status}: {meaning[outcome]}"


def _outcome_of(status: int, cause: Cause, *, completion: bool) -> Outcome:
    if status == 402 or _is_quota(status, cause):
        return "quota"
    if status == 401:
        return "auth"
    if status == 429:
        return "rate_limited"
    if completion and (status == 404 or _is_model(status, cause)):
        return "model_missing"
    # LiteLLM answers a wrong key with 400 and may answer a missing one with 500; Google says 400 to both.
    if status == 403 or (status >= 400 and cause.names(_AUTH)):
        return "auth"
    return "server_error" if status >= 500 else "bad_request"


def _is_quota(status: int, cause: Cause) -> bool:
    told = cause.names(_QUOTA) or _QUOTA_MESSAGE.search(cause.message) is not None
    return status in {400, 403, 429} and told


def _is_model(status: int, cause: Cause) -> bool:
    told = cause.names(_MODEL) or _MODEL_MESSAGE.search(cause.message) is not None
    return status in {400, 403, 410, 422} and told


def _codes(found: dict[str, Any]) -> Iterator[str]:
    for name in ("type", "code", "status", "reason"):
        code = _text(found.get(name)).lower()
        if code:
            yield re.sub(r"[^a-z0-9]+", "_", code)
    details = found.get("details")
    for detail in details[:16] if isinstance(details, list) else ():
        if isinstance(detail, dict):
            code = _text(detail.get("reason")).lower()
            if code:
                yield re.sub(r"[^a-z0-9]+", "_", code)


def _text(value: Any) -> str:
    return value[:_MAX_TEXT] if isinstance(value, str) else ""
