"""The protocol's server over a client of the API: the same for standard input and for HTTP."""

from typing import Any

import mcp_types as types
import msgspec
import structlog
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from openmodels.errors import BadRequest
from openmodels.mcp import answers
from openmodels.mcp.arguments import GetModel, ProviderStatus, read_arguments
from openmodels.mcp.failures import UNEXPECTED, explained
from openmodels.mcp.schemas import schema_of
from openmodels.mcp.text import as_text, built
from openmodels.mcp.tools import INSTRUCTIONS, TOOLS, Tool
from openmodels_client import AsyncOpenModels, NotFound, OpenModelsError

log: Any = structlog.get_logger(__name__)

Context = ServerRequestContext[Any]

MODEL, PROVIDER = "model://", "provider://"
READ_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
"""Of every tool. Its world is closed: the registry and what this server measured."""
COMPLETIONS = 100
"""The most that the protocol allows."""
_HOUR = CacheHint(ttl_ms=3_600_000, scope="public")


def create_mcp(client: AsyncOpenModels, *, version: str) -> Server[Any]:
    """A server whose every answer comes from ``client``.

    It is the SDK's plain server, not its ``MCPServer``: that one makes schemas of functions, three times as
    long as ours, and explains wrong arguments in the words of the library that it reads them with.
    """
    door = _Door(client)
    return Server(
        "openmodels",
        title="OpenModels",
        version=version,
        instructions=INSTRUCTIONS,
        cache_hints={"tools/list": _HOUR, "resources/templates/list": _HOUR},
        on_list_tools=door.list_tools,
        on_call_tool=door.call_tool,
        on_list_resources=door.list_resources,
        on_list_resource_templates=door.list_templates,
        on_read_resource=door.read_resource,
        on_completion=door.complete,
    )


class _Door:
    def __init__(self, client: AsyncOpenModels) -> None:
        self._client = client
        self._tools = {tool.name: tool for tool in TOOLS}

    async def list_tools(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(tool) for tool in TOOLS])

    async def call_tool(self, _context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool = self._tools.get(params.name)
        if tool is None:
            names = ", ".join(self._tools)
            return _failed(f"There is no tool {params.name[:50]!r}; there are {names}.")
        try:
            answer = await tool.call(self._client, read_arguments(tool.takes, params.arguments or {}))
            structured = built(answer)
        except (OpenModelsError, BadRequest) as error:
            return _failed(explained(error))
        except Exception:
            log.exception("tool failed", tool=tool.name)
            return _failed(UNEXPECTED)
        text = types.TextContent(type="text", text=as_text(structured))
        return types.CallToolResult(content=[text], structured_content=structured)

    async def list_resources(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        # By the hundred: they are found by search_models, and by completion of the templates.
        return types.ListResourcesResult(resources=[])

    async def list_templates(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(
                    name="model",
                    title="A model",
                    uri_template=MODEL + "{id}",
                    description="What get_model answers, as JSON.",
                    mime_type="application/json",
                ),
                types.ResourceTemplate(
                    name="provider",
                    title="A provider",
                    uri_template=PROVIDER + "{id}",
                    description="How a provider is called, how it is doing, and its models, as JSON.",
                    mime_type="application/json",
                ),
            ]
        )

    async def read_resource(
        self, _context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        try:
            found = await self._resource(uri)
        except (NotFound, BadRequest) as error:
            raise MCPError(types.INVALID_PARAMS, explained(error), {"uri": uri[:300]}) from None
        except OpenModelsError as error:
            raise MCPError(types.INTERNAL_ERROR, explained(error), {"uri": uri[:300]}) from None
        except Exception:
            log.exception("resource failed")
            raise MCPError(types.INTERNAL_ERROR, UNEXPECTED) from None
        text = msgspec.json.encode(built(found)).decode()
        contents = types.TextResourceContents(uri=params.uri, mime_type="application/json", text=text)
        return types.ReadResourceResult(contents=[contents])

    async def _resource(self, uri: str) -> Any:
        if uri.startswith(MODEL):
            model = read_arguments(GetModel, {"model_id": uri.removeprefix(MODEL)})
            return answers.model_of(await self._client.models.get(model.model_id))
        if uri.startswith(PROVIDER):
            ask = read_arguments(ProviderStatus, {"provider_id": uri.removeprefix(PROVIDER)})
            return answers.whole_provider_of(await self._client.providers.get(str(ask.provider_id)))
        raise BadRequest(f"There is no resource {uri[:100]!r}; there are {MODEL}{{id}} and {PROVIDER}{{id}}.")

    async def complete(self, _context: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        template = getattr(params.ref, "uri", "")
        if params.argument.name != "id" or template not in {MODEL + "{id}", PROVIDER + "{id}"}:
            return types.CompleteResult(completion=types.Completion(values=[]))
        try:
            names = await self._client.names()
        except OpenModelsError as error:
            raise MCPError(types.INTERNAL_ERROR, explained(error)) from None
        ids = [one.id for one in (names.models if template.startswith(MODEL) else names.providers)]
        begun = params.argument.value.strip().lower()
        # What begins so, then what holds it elsewhere.
        fit = sorted((one for one in ids if begun in one), key=lambda one: (not one.startswith(begun), one))
        completion = types.Completion(
            values=fit[:COMPLETIONS], total=len(fit), has_more=len(fit) > COMPLETIONS
        )
        return types.CompleteResult(completion=completion)


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=dict(schema_of(tool.takes)),
        output_schema=dict(schema_of(tool.gives)),
        annotations=READ_ONLY,
    )


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)
