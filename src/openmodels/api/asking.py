"""From the framework's request to what handlers are given."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from litestar import Request

from openmodels.api.endpoint import Ask, Services
from openmodels.api.past import snapshot_at
from openmodels.api.wire import Param, read_params
from openmodels.edge.exchange import FRESHNESS, Freshness

AnyRequest = Request[Any, Any, Any]


async def ask_for(
    request: AnyRequest,
    services: Services,
    declared: Sequence[Param],
    *,
    suffix: str = "",
    of_form: bool = False,
) -> Ask:
    """One request, understood; ``suffix`` is what follows the id in the path, ``of_form`` as ``read_params``.

    Raises ``BadRequest``, and what reading a former revision raises.
    """
    snapshot, query = services.live.snapshot, request.scope["query_string"]
    params = read_params(query, declared, of_form=of_form)
    if params.get("as_of") is not None:
        snapshot = await snapshot_at(params["as_of"], services.past, services.clock)
    return Ask(
        services=services,
        snapshot=snapshot,
        params=params,
        ids={name: value.removesuffix(suffix) for name, value in request.path_params.items()},
        path="/" + quote(request.scope["path"].lstrip("/")),
        query=query,
        headers=request.headers,
    )


def keep_for(request: AnyRequest, freshness: Freshness) -> None:
    """Tell the edge how long the answer holds."""
    request.scope[FRESHNESS] = freshness  # type: ignore[literal-required]  # our own key
