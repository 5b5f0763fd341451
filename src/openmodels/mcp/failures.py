"""What an agent is told when a call fails: what was wrong, and what to call instead. Pure."""

from openmodels.errors import RequestError
from openmodels.mcp.text import plain
from openmodels_client.errors import (
    ApiError,
    ConnectionFailed,
    InvalidResponse,
    NotFound,
    OpenModelsError,
    RateLimited,
    TimedOut,
)

UNEXPECTED = "This failed for a reason that nobody foresaw, which the log tells. Other tools may work."
UNREACHABLE = (
    "Nobody can answer until that server runs. Tell the user to start it with `openmodels serve`, to give "
    "its address with `openmodels mcp --api-url`, or to use `openmodels mcp --local`, which needs no server."
)


def explained(error: OpenModelsError | RequestError) -> str:
    """The text of a failure, without anything that is not for the agent."""
    return plain(_explained(error))


def _explained(error: OpenModelsError | RequestError) -> str:
    said = _sentence(str(error))
    match error:
        case NotFound():
            said += f" {_instead(said)}"
        case RateLimited():
            seconds = "a minute" if error.retry_after is None else f"{error.retry_after:.0f} s"
            said = f"Too many requests. Wait {seconds}, then call again; ask for longer pages to call less."
        case ApiError() if error.status >= 500:
            logged = f" Its log calls this {error.request_id}." if error.request_id else ""
            said = f"The server failed ({error.status}): {said} Call again in a minute.{logged}"
        case ConnectionFailed():
            said += f" {UNREACHABLE}"
        case TimedOut():
            said += " Call again, or ask for less."
        case InvalidResponse():
            said += " Is that the address of an OpenModels server?"
    return said


def _instead(message: str) -> str:
    if message.startswith("Provider"):
        return "Call provider_status without provider_id, with search, to find a provider's id."
    return "Call search_models to find a model's id."


def _sentence(message: str) -> str:
    return message if message.endswith((".", "?", "!")) else f"{message}."
