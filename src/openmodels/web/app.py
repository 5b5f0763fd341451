"""The pages as routes of the framework."""

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from openmodels.api.asking import ask_for, keep_for
from openmodels.api.endpoint import Services
from openmodels.edge.errors import CONTENT_SECURITY_POLICY
from openmodels.edge.exchange import Freshness
from openmodels.errors import NotFound
from openmodels.web import (
    changes,
    compare,
    discovery,
    documents,
    home,
    model,
    models,
    provider,
    providers,
    status,
)
from openmodels.web.built import PREFIX, Built, media_type
from openmodels.web.page import Page, Text
from openmodels.web.rendering import Rendering

AnyRequest = Request[Any, Any, Any]

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *models.PAGES,
    *model.PAGES,
    *providers.PAGES,
    *provider.PAGES,
    *compare.PAGES,
    *status.PAGES,
    *changes.PAGES,
    *documents.PAGES,
    *discovery.PAGES,
)


def page_routes(services: Services, rendering: Rendering) -> Sequence[HTTPRouteHandler]:
    """A route for every page, and one for the built files."""
    return [*(_route(page, services, rendering) for page in PAGES), _assets(rendering.site.built)]


def _route(page: Page, services: Services, rendering: Rendering) -> HTTPRouteHandler:
    """One request's way: parameters, handler, template, bytes."""

    async def handle(request: AnyRequest) -> Response[bytes]:
        ask = await ask_for(request, services, page.params, of_form=True)
        shown = await page.handle(ask)
        if isinstance(shown, Text):
            keep_for(request, page.freshness)
            return Response(shown.body.encode(), media_type=shown.media_type)
        keep_for(request, shown.freshness or page.freshness)
        body = rendering.page(
            shown, ask.snapshot, path=ask.path, section=page.section, now=services.clock.now()
        )
        headers = {
            "X-Registry-Revision": ask.snapshot.revision,
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        }
        return Response(body, media_type="text/html", headers=headers)

    return get(page.path.replace("_id}", "_id:str}"), name=f"page {page.path}")(handle)


def _assets(built: Built) -> HTTPRouteHandler:
    @get(PREFIX + "{name:str}", name="assets")
    async def handle(request: AnyRequest) -> Response[bytes]:
        name = request.path_params["name"]
        body = built.files.get(name)
        if body is None:
            raise NotFound(f"There is no such file: {name[:100]!r}")
        keep_for(request, Freshness.FOREVER)
        return Response(body, media_type=media_type(name))

    return handle
