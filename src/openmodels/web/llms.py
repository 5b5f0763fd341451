"""The index for language models, as https://llmstxt.org has it. Pure."""

from collections.abc import Sequence
from urllib.parse import quote

from openmodels.domain.snapshot import Snapshot
from openmodels.web.document_files import Document, Group

QUESTIONS = (
    ("Search", "/api/search?q=claude%20sonet", "models and providers by name, typos allowed"),
    (
        "Models",
        "/api/models?capability=vision&max_input_price=1&sort=price",
        "by capability, modality, vendor, licence, context window and price",
    ),
    ("One model", "/api/models/{model}", "limits, capabilities, its cheapest offering and who offers it"),
    ("Compare", "/api/models/{model}/compare", "its offerings: prices, limits, measured speed and uptime"),
    ("Rank", "/api/telemetry/ranked/{model}", "which provider to call for it now, and why"),
    ("Choose", "/api/models/{model}/choose", "which offering meets requirements, and why others do not"),
    (
        "Cost",
        "/api/models/{model}/cost?input_tokens=20000&output_tokens=1000",
        "what a workload costs at each provider",
    ),
    ("Providers", "/api/providers", "every provider and how it is doing"),
    ("Health", "/api/telemetry/health/{provider}", "checks, uptime and incidents of a provider"),
    ("Changes", "/api/changes?topic=price", "what changed in the registry, newest first"),
    ("Everything", "/api/export/registry.csv", "all offerings in one file; also as NDJSON and SQLite"),
    ("OpenAPI", "/api/openapi.json", "every endpoint, parameter and answer"),
)
"""What is asked most: its name, an address with examples in braces, and what it answers."""
PAGES = (
    ("Models", "/models", "every model, with search and filters"),
    ("Providers", "/providers", "every provider and how it is doing"),
    ("Status", "/status", "uptime and incidents"),
    ("Changes", "/changes", "what changed in the registry"),
)
OPTIONAL = "Contribute"
"""The group of documents that a reader who is short of room may leave out."""


def llms_text(address: str, groups: Sequence[Group], snapshot: Snapshot) -> str:
    """What this is, how to ask it, and what there is to read; in Markdown."""
    model, provider = _examples(snapshot)
    ask = "\n".join(
        f"- [{name}]({address}{path.format(model=model, provider=provider)}): {answers}"
        for name, path, answers in QUESTIONS
    )
    pages = "\n".join(f"- [{name}]({address}{path}): {shows}" for name, path, shows in PAGES)
    read = [document for group in groups if group.title != OPTIONAL for document in group.documents]
    optional = [document for group in groups if group.title == OPTIONAL for document in group.documents]
    return f"""# OpenModels

> An open registry and observatory of language-model providers: models, who offers them, prices, limits and
> context windows, and whether each provider is up and how fast, as measured by this server.

A public, read-only JSON API: no key, no sign-in, `GET` only. A fact that nobody knows is `null`, never 0; a
price of 0 means free. Prices are per million tokens, in the currency named beside them; times are UTC. An
error says what was wrong and what is allowed. Ids are kebab-case, such as `{model}`; the search finds them.

Agents that speak the Model Context Protocol have the same as tools at `{address}/mcp` (streamable HTTP).

## Ask

{ask}

## Read

{_listed(address, read)}

## Look

{pages}

## Optional

{_listed(address, optional)}
"""


def _examples(snapshot: Snapshot) -> tuple[str, str]:
    """The model with the most offerings and the provider with the most models, for addresses that answer."""
    model = next((snapshot.models[n].record.id for n in snapshot.model_orders["providers"]), "gpt-4o")
    provider = next((snapshot.providers[n].record.id for n in snapshot.provider_orders["models"]), "openai")
    return quote(model, safe=""), quote(provider, safe="")


def _listed(address: str, documents: Sequence[Document]) -> str:
    return "\n".join(
        f"- [{document.title}]({address}/docs/{document.name}.md): {document.summary or document.title}"
        for document in documents
    )
