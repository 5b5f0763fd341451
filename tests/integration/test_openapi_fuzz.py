"""Whatever the document allows is answered as it says, and whatever it does not allow is refused."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.config._checks import NegativeDataRejectionConfig

from fixtures.service import Service
from openmodels.api.app import ENDPOINTS
from openmodels.api.openapi import build_openapi
from openmodels.domain.cost import INPUT_PARTS, OUTPUT_PARTS

EXAMPLES = 200
STREAM = "/api/telemetry/stream"
KNOWN = {
    "model_id": ("alpha-1", "alpha-latest", "deepseek-v3"),
    "provider_id": ("cirrus", "openai", "vacant"),
}


def config() -> SchemathesisConfig:
    """All checks that apply to a public, read-only API, over the same examples on every run."""
    project = ProjectConfig(
        generation=GenerationConfig(
            max_examples=EXAMPLES,
            deterministic=True,
            # No URL of this API may hold a NUL; a schema cannot say that of a query as a whole.
            allow_x00=False,
            database="none",
        ),
        # 404: a made-up id. 414: many values, allowed or not, make a URL too long.
        checks=ChecksConfig(
            positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=["2xx", 404, 414]),
            negative_data_rejection=NegativeDataRejectionConfig(expected_statuses=[400, 404, 414]),
        ),
    )
    return SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))


class TestedApp:
    """Stands for the application until the fixture is there; the tests are collected without one."""

    service: Service

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # Who tests waits for the end of every answer, and a stream has none before its client is gone.
        stream = scope["type"] == "http" and scope["path"] == STREAM
        await self.service.app(scope, hung_up if stream else receive, send)


async def hung_up() -> dict[str, str]:
    return {"type": "http.disconnect"}


app = TestedApp()
Case = schemathesis.Case[Any]
schema = schemathesis.openapi.from_dict(build_openapi(ENDPOINTS, version="0.0.0"), config=config())
schema.app = app


@pytest.fixture(autouse=True)
def tested(documented_api: Service) -> None:
    app.service = documented_api


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_it_answers_as_documented(case: Case) -> None:
    valid = case.meta is not None and case.meta.generation.mode.is_positive
    if valid:
        name_known_things(case)
        if case.path == STREAM:
            # That an id must be one that was sent, too.
            seen_nothing_yet(case)
        query = case.query or {}
        not_tiny(query)
        if "weights" in query:
            # That weights sum to 1, and that they exclude prefer, is more than OpenAPI has words for.
            query["weights"] = "uptime:0.4,price:0.6"
            query.pop("prefer", None)
        if case.path.endswith("/cost"):
            parts_fit(query)
    case.call_and_validate()


def not_tiny(query: dict[str, Any]) -> None:
    # That nothing is written with an exponent below -20 is more than OpenAPI has words for.
    for name, value in query.items():
        if isinstance(value, float) and 0 < value < 1e-20:
            query[name] = 0


def parts_fit(query: dict[str, Any]) -> None:
    # That the parts of a whole are not more than the whole is more than OpenAPI has words for.
    for whole, parts in (("input_tokens", INPUT_PARTS), ("output_tokens", OUTPUT_PARTS)):
        given = [part for part in parts if part in query]
        for part in given:
            query[part] = int(query.get(whole, 0)) // len(given)


def seen_nothing_yet(case: Case) -> None:
    for given in (case.query, case.headers):
        for name in [name for name in given or {} if name.lower().replace("-", "_") == "last_event_id"]:
            given[name] = "0-0"


def name_known_things(case: Case) -> None:
    """Ask for things that exist in half of the cases: of made-up ids, all that comes is a 404."""
    for name, value in (case.path_parameters or {}).items():
        length = len(str(value))
        if length % 2:
            case.path_parameters[name] = KNOWN[name][length % len(KNOWN[name])]
