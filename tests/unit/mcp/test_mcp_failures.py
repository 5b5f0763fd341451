"""What an agent is told of each error of the client."""

import pytest

from openmodels.errors import BadRequest
from openmodels.mcp.failures import explained
from openmodels_client import errors


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            errors.NotFound("Model not found: 'x'", status=404),
            "Model not found: 'x'. Call search_models to find a model's id.",
        ),
        (
            errors.NotFound("Provider not found: 'x'.", status=404),
            (
                "Provider not found: 'x'. Call provider_status without provider_id, with search, "
                "to find a provider's id."
            ),
        ),
        (errors.BadRequest("limit must be 1", status=400), "limit must be 1."),
        (BadRequest("There is no argument 'x'"), "There is no argument 'x'."),
        (
            errors.RateLimited("slow down", status=429, retry_after=37.4),
            "Too many requests. Wait 37 s, then call again; ask for longer pages to call less.",
        ),
        (
            errors.RateLimited("slow down", status=429),
            "Too many requests. Wait a minute, then call again; ask for longer pages to call less.",
        ),
        (
            errors.ServerError("Telemetry cannot be read", status=503, request_id="7f"),
            (
                "The server failed (503): Telemetry cannot be read. Call again in a minute. "
                "Its log calls this 7f."
            ),
        ),
        (
            errors.TimedOut("it took longer than 30 s"),
            "it took longer than 30 s. Call again, or ask for less.",
        ),
        (
            errors.InvalidResponse("it answered text/html"),
            "it answered text/html. Is that the address of an OpenModels server?",
        ),
        (errors.BadRequest("\x1b[31m\u202ehostile\n\nlines", status=400), "[31mhostile lines."),
    ],
)
def test_it_says_what_to_do(error: errors.OpenModelsError | BadRequest, told: str) -> None:
    assert explained(error) == told


def test_a_server_that_is_away_can_be_started() -> None:
    told = explained(errors.ConnectionFailed("no answer from http://127.0.0.1:8000"))
    assert told.startswith("no answer from http://127.0.0.1:8000. Nobody can answer until that server runs.")
    assert "`openmodels serve`" in told
