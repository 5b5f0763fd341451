"""The error envelope, the same whatever failed."""

import io
import json

import pytest

from fixtures.failing import FailingTelemetry
from fixtures.service import Service, start_service
from openmodels.logs import set_up_logs

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("method", "target", "status", "kind"),
    [
        ("GET", "/api/nothing", 404, "NOT_FOUND"),
        ("GET", "/api/", 404, "NOT_FOUND"),
        ("GET", "/api", 404, "NOT_FOUND"),
        ("GET", "/nothing", 404, "NOT_FOUND"),
        ("GET", "/api/models/nothing-of-the-kind", 404, "NOT_FOUND"),
        ("GET", "/api/models/alpha-1/nothing", 404, "NOT_FOUND"),
        ("GET", "/api/providers/nothing-of-the-kind", 404, "NOT_FOUND"),
        ("GET", "/api/models?limit=0", 400, "BAD_REQUEST"),
        ("GET", "/api/models?search=%00", 400, "BAD_REQUEST"),
        ("GET", "/api/models?search=%FF", 400, "BAD_REQUEST"),
        ("GET", "/api/models/%FF", 400, "BAD_REQUEST"),
        ("GET", "/api/models/a%00b", 400, "BAD_REQUEST"),
        ("GET", "/api/models?search=" + "a" * 8200, 414, "URI_TOO_LONG"),
        ("POST", "/api/models", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "/nothing", 405, "METHOD_NOT_ALLOWED"),
    ],
)
async def test_it_wraps_every_error(api: Service, method: str, target: str, status: int, kind: str) -> None:
    response = await api.request(method, target)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert int(response.headers["content-length"]) == len(response.content)
    assert "etag" not in response.headers
    body = response.json()
    assert list(body) == ["error"]
    error = body["error"]
    assert set(error) - {"details"} == {"status", "message", "type", "request_id"}
    assert list(error)[:3] == ["status", "message", "type"]
    assert (error["status"], error["type"]) == (status, kind)
    assert error["message"]
    assert error["request_id"] == response.headers["x-request-id"]


async def test_it_gives_every_answer_a_request_id_of_its_own(api: Service) -> None:
    targets = ["/api/models", "/api/models", "/api/nothing", "/api/health", "/"]
    ids = [(await api.get(target)).headers["x-request-id"] for target in targets]
    assert len(set(ids)) == len(targets)


async def test_it_says_what_is_wrong_with_a_url(api: Service) -> None:
    nul = await api.problem("/api/models?search=a%00")
    assert nul["message"] == "The query has a NUL character"
    text = await api.problem("/api/models/%C3%28")
    assert text["message"] == "The path is not valid UTF-8"
    long = await api.problem("/api/models?search=" + "a" * 8200, 414)
    assert long["message"] == "The URL is longer than 8192 bytes"


async def test_it_takes_a_url_of_8192_bytes(api: Service) -> None:
    head = "/api/models?x="
    # The question mark does not count: path and query together are 8192 bytes.
    assert (await api.get(head + "a" * (8193 - len(head)))).status_code == 200
    assert (await api.get(head + "a" * (8194 - len(head)))).status_code == 414


async def test_it_says_where_to_look_when_there_is_nothing(api: Service) -> None:
    error = await api.problem("/api/model", 404)
    assert error["message"] == "There is nothing at '/api/model'. /api/openapi.json lists every path."


async def test_it_shows_nothing_of_an_unforeseen_failure_but_its_request_id() -> None:
    out = io.StringIO()
    set_up_logs(form="json", level="info", stream=out)
    secret = "the password is hunter2"
    service = await start_service(telemetry=FailingTelemetry(ValueError(secret)))
    response = await service.get("/api/telemetry/health/cirrus", peer="198.51.100.77")
    assert response.status_code == 500
    assert secret not in response.text
    error = response.json()["error"]
    assert error == {
        "status": 500,
        "message": "An unexpected error occurred. Please report it with this request id.",
        "type": "INTERNAL_ERROR",
        "request_id": response.headers["x-request-id"],
    }
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["request_id"] for line in lines] == [error["request_id"]]
    assert secret in out.getvalue()
    assert "198.51.100.77" not in out.getvalue()


async def test_it_goes_on_after_an_unforeseen_failure() -> None:
    service = await start_service(telemetry=FailingTelemetry(ValueError("broken")))
    assert (await service.get("/api/telemetry/latency/cirrus")).status_code == 500
    assert (await service.get("/api/models")).status_code == 200
    # A failure is never kept.
    assert (await service.get("/api/telemetry/latency/cirrus")).status_code == 500
