"""The examples of the API reference, each request as it stands there, with another host."""

import re
from typing import Any

import pytest

from fixtures.service import NOW, Service, start_service
from fixtures.shapes import RATE_LIMIT_HEADERS

pytestmark = pytest.mark.anyio

FIRST_KEYS = ["id", "name", "vendor", "capabilities", "context_window", "max_output_tokens"]


def check_page(body: Any, *, page: int, limit: int) -> None:
    assert list(body) == ["data", "pagination"]
    assert list(body["pagination"]) == ["page", "limit", "total"]
    assert (body["pagination"]["page"], body["pagination"]["limit"]) == (page, limit)
    assert isinstance(body["pagination"]["total"], int)
    left = max(0, body["pagination"]["total"] - (page - 1) * limit)
    assert len(body["data"]) == min(limit, left)


def check_model(model: dict[str, Any]) -> None:
    assert list(model)[:6] == FIRST_KEYS
    assert isinstance(model["id"], str)
    assert isinstance(model["name"], str)
    assert isinstance(model["vendor"], str)
    assert all(isinstance(word, str) for word in model["capabilities"])
    assert isinstance(model["context_window"], int | None)
    assert isinstance(model["max_output_tokens"], int | None)


async def test_it_needs_no_key_to_list_models(reference_api: Service) -> None:
    response = await reference_api.get("/api/models", peer="10.0.0.1")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    check_page(response.json(), page=1, limit=20)


async def test_it_searches_models_as_the_request_format_shows(reference_api: Service) -> None:
    response = await reference_api.get(
        "/api/models?search=deepseek&capability=reasoning&limit=10", peer="10.0.0.2"
    )
    body = response.json()
    check_page(body, page=1, limit=10)
    assert "deepseek-v3" in [model["id"] for model in body["data"]]
    for model in body["data"]:
        check_model(model)
        assert "reasoning" in model["capabilities"]


async def test_it_wraps_lists_as_the_response_format_shows(reference_api: Service) -> None:
    body = (await reference_api.get("/api/models", peer="10.0.0.3")).json()
    check_page(body, page=1, limit=20)
    for model in body["data"]:
        check_model(model)


async def test_it_answers_a_single_model_directly(reference_api: Service) -> None:
    model = (await reference_api.get("/api/models/deepseek-v3", peer="10.0.0.4")).json()
    check_model(model)
    assert model["id"] == "deepseek-v3"
    assert model["name"] == "DeepSeek V3"
    assert model["vendor"] == "deepseek"
    assert model["capabilities"][:3] == ["chat", "reasoning", "code"]
    assert model["context_window"] == 128000
    assert model["max_output_tokens"] == 8192


async def test_it_gives_the_second_page_of_ten(reference_api: Service) -> None:
    body = (await reference_api.get("/api/models?page=2&limit=10", peer="10.0.0.5")).json()
    check_page(body, page=2, limit=10)
    first = (await reference_api.get("/api/models?limit=10", peer="10.0.0.5")).json()
    assert not {m["id"] for m in first["data"]} & {m["id"] for m in body["data"]}


@pytest.mark.parametrize("path", ["/api/models", "/api/providers"])
async def test_it_has_as_many_pages_as_the_formula_says(reference_api: Service, path: str) -> None:
    limit = 20
    first = (await reference_api.get(path, peer="10.0.0.6")).json()
    pages = -(-first["pagination"]["total"] // limit)  # Math.ceil(total / limit)
    seen: list[str] = []
    for page in range(1, pages + 1):
        body = (await reference_api.get(f"{path}?page={page}", peer="10.0.0.6")).json()
        check_page(body, page=page, limit=limit)
        assert body["data"]
        seen += [item["id"] for item in body["data"]]
    assert len(seen) == len(set(seen)) == first["pagination"]["total"]
    after = (await reference_api.get(f"{path}?page={pages + 1}", peer="10.0.0.6")).json()
    assert after["data"] == []


async def test_it_takes_at_most_100_items_a_page(reference_api: Service) -> None:
    full = (await reference_api.get("/api/models?limit=100", peer="10.0.0.7")).json()
    check_page(full, page=1, limit=100)
    refused = await reference_api.get("/api/models?limit=101", peer="10.0.0.7")
    assert refused.status_code == 400


async def test_it_says_that_a_model_is_not_found(reference_api: Service) -> None:
    response = await reference_api.get("/api/models/no-such-thing-anywhere", peer="10.0.0.8")
    assert response.status_code == 404
    body = response.json()
    assert list(body) == ["error"]
    assert list(body["error"])[:3] == ["status", "message", "type"]
    assert body["error"]["status"] == 404
    assert body["error"]["message"] == "Model not found: 'no-such-thing-anywhere'"
    assert body["error"]["type"] == "NOT_FOUND"


async def test_it_says_what_is_wrong_with_a_parameter(reference_api: Service) -> None:
    error = (await reference_api.get("/api/models?page=0", peer="10.0.0.9")).json()["error"]
    assert (error["status"], error["type"]) == (400, "BAD_REQUEST")


async def test_it_tells_the_state_of_the_rate_limit(reference_api: Service) -> None:
    first = await reference_api.get("/api/models", peer="10.0.0.10")
    second = await reference_api.get("/api/models/nothing-of-the-kind", peer="10.0.0.10")
    window = int(NOW.timestamp()) + 60
    assert [first.headers[name] for name in RATE_LIMIT_HEADERS] == ["100", "99", str(window)]
    assert [second.headers[name] for name in RATE_LIMIT_HEADERS] == ["100", "98", str(window)]


async def test_it_refuses_the_request_after_the_hundredth_of_a_minute() -> None:
    service = await start_service(RATE_LIMIT="100")
    for _ in range(100):
        assert (await service.get("/api/models?limit=1")).status_code == 200
    service.clock.advance(seconds=15)
    response = await service.get("/api/models?limit=1")
    assert response.status_code == 429
    error = response.json()["error"]
    assert list(error)[:3] == ["status", "message", "type"]
    assert error["status"] == 429
    assert error["message"] == "Rate limit exceeded. Try again in 45 seconds."
    assert error["type"] == "RATE_LIMITED"
    assert response.headers["x-ratelimit-remaining"] == "0"


async def test_it_answers_every_endpoint_of_the_table(reference_api: Service) -> None:
    for path in (
        "/api/models",
        "/api/models/gpt-4o",
        "/api/models/gpt-4o/providers",
        "/api/models/gpt-4o/compare",
        "/api/providers",
        "/api/providers/openai",
        "/api/telemetry/health/openai",
        "/api/telemetry/latency/openai",
        "/api/telemetry/ranked/gpt-4o",
        "/api/health",
    ):
        response = await reference_api.get(path, peer="10.0.0.11")
        assert response.status_code == 200, path
        assert response.headers["content-type"] == "application/json"
        assert isinstance(response.json(), dict)


async def test_it_lists_the_first_five_models_with_vision(reference_api: Service) -> None:
    body = (await reference_api.get("/api/models?capability=vision&limit=5", peer="10.0.0.12")).json()
    check_page(body, page=1, limit=5)
    for model in body["data"]:
        check_model(model)
        assert "vision" in model["capabilities"]
    known = (await reference_api.get("/api/models/gpt-4o", peer="10.0.0.12")).json()
    assert {key: known[key] for key in FIRST_KEYS if key != "capabilities"} == {
        "id": "gpt-4o",
        "name": "GPT-4o",
        "vendor": "openai",
        "context_window": 128000,
        "max_output_tokens": 16384,
    }
    assert known["capabilities"][:4] == ["chat", "vision", "code", "reasoning"]


async def test_it_is_read_only(reference_api: Service) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = await reference_api.request(method, "/api/models", peer="10.0.0.13")
        assert response.status_code == 405
        assert response.json()["error"]["type"] == "METHOD_NOT_ALLOWED"


async def test_it_writes_times_in_utc_with_milliseconds(reference_api: Service) -> None:
    model = (await reference_api.get("/api/models/deepseek-v3", peer="10.0.0.14")).json()
    for key in ("created_at", "updated_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", model[key])
