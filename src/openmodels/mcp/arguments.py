"""What the tools take, as types: the schemas that agents read and the reading of arguments come from them.

Values of closed vocabularies are plain text here: it is the API that refuses others, and says what was meant.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from openmodels.domain.changes import Topic
from openmodels.domain.vocabulary import (
    CAPABILITIES,
    LIFECYCLES,
    MODALITIES,
    PERIODS,
    PROVIDER_STATUSES,
    suggest,
)
from openmodels.errors import BadRequest
from openmodels.mcp.schemas import schema_of
from openmodels_client.words import CompareSort, ModelSort, Preference

S = TypeVar("S", bound=Struct)

MOST = 50
"""The most items on a page that a tool cuts itself."""

MOST_BYTES = 4000
"""Of arguments: what is longer fits into no address."""


def _words(*allowed: str) -> Meta:
    return Meta(extra_json_schema={"enum": list(allowed)})


# Not empty, not only dots, without a slash: such an id would lead to another path.
_ID = Meta(pattern="^[^/]*[^./][^/]*$", max_length=300)
ModelId: TypeAlias = Annotated[str, _ID, Meta(description="A model's id or alias; search_models finds it.")]
Texts: TypeAlias = tuple[str, ...]
Capabilities: TypeAlias = tuple[Annotated[str, _words(*CAPABILITIES)], ...]
Period: TypeAlias = Annotated[str, _words(*PERIODS), Meta(description="What figures cover. Default 7d.")]
Page: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000, description="From 1; next_page says the next.")]
Count: TypeAlias = Annotated[int, Meta(ge=1, le=MOST, description="Items on a page.")]
Regions: TypeAlias = Annotated[Texts, Meta(description="Only in any of these regions, such as us-east-1.")]
Tokens: TypeAlias = Annotated[int, Meta(ge=0)]
AsOf: TypeAlias = Annotated[
    str, Meta(description="As the registry was then: 2026-03-01, or a time with its zone.")
]


class Arguments(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The root of all: whatever is not given is None."""


class Paged(Arguments, frozen=True, kw_only=True):
    """For lists of which a page is given at a time."""

    page: Page = 1
    limit: Count = 10


class SearchModels(Paged, frozen=True, kw_only=True):
    """Filters: several values of one are ORed, different ones ANDed."""

    search: Annotated[str, Meta(description="Words of name, id or vendor; typos allowed.")] | None = None
    capability: Capabilities | None = None
    modality: tuple[Annotated[str, _words(*MODALITIES)], ...] | None = None
    vendor: Annotated[Texts, Meta(description="Ids of who made it, such as openai.")] | None = None
    provider: Annotated[Texts, Meta(description="Ids of who offers it, such as groq.")] | None = None
    status: tuple[Annotated[str, _words(*LIFECYCLES)], ...] | None = None
    open_weights: bool | None = None
    min_context: Annotated[int, Meta(ge=0, description="Tokens.")] | None = None
    max_input_price: (
        Annotated[float, Meta(ge=0, description="Of the cheapest offering, per million input tokens.")] | None
    ) = None
    sort: (
        Annotated[
            str,
            _words(*get_args(ModelSort)),
            Meta(description="Default relevance with search, else recency."),
        ]
        | None
    ) = None


class GetModel(Arguments, frozen=True, kw_only=True):
    """One model."""

    model_id: ModelId
    as_of: AsOf | None = None


class ListOfferings(Paged, frozen=True, kw_only=True):
    """The offerings of one model."""

    model_id: ModelId
    as_of: AsOf | None = None


class CompareProviders(Paged, frozen=True, kw_only=True):
    """The offerings of one model, sorted."""

    model_id: ModelId
    sort: (
        Annotated[
            str,
            _words(*get_args(CompareSort)),
            Meta(description="Default price (input). blended_price: 3 in to 1 out. Unknown comes last."),
        ]
        | None
    ) = None
    region: Regions | None = None
    period: Period | None = None


class ChooseProvider(Arguments, frozen=True, kw_only=True):
    """What an offering must be like."""

    model_id: ModelId
    input_tokens: (
        Annotated[Tokens, Meta(description="Of one request; with them, cost is per request.")] | None
    ) = None
    output_tokens: Annotated[Tokens, Meta(description="Of one request.")] | None = None
    min_context: Annotated[int, Meta(ge=0, description="Tokens.")] | None = None
    region: Regions | None = None
    max_price: (
        Annotated[
            float, Meta(ge=0, description="Of one such request; without tokens, of a million, 3 in to 1 out.")
        ]
        | None
    ) = None
    min_uptime: Annotated[float, Meta(ge=0, le=100, description="Percent.")] | None = None
    max_ttft_ms: (
        Annotated[float, Meta(ge=0, description="Longest median time to first token, ms.")] | None
    ) = None
    capability: Annotated[Capabilities, Meta(description="All of these.")] | None = None
    prefer: Annotated[str, _words(*get_args(Preference)), Meta(description="Default balanced.")] | None = None
    period: Period | None = None
    limit: Annotated[int, Meta(ge=1, le=MOST, description="The most that fit, and that do not, to show.")] = 3


class EstimateCost(Paged, frozen=True, kw_only=True):
    """A workload: one request's quantities, and how many requests."""

    model_id: ModelId
    input_tokens: (
        Annotated[
            Tokens, Meta(description="Of one request, cached or not. Nothing given: 1000 in, 1000 out.")
        ]
        | None
    ) = None
    output_tokens: Annotated[Tokens, Meta(description="Of one request, reasoning included.")] | None = None
    cached_tokens: Annotated[Tokens, Meta(description="Of the input: read from the cache.")] | None = None
    cache_write_tokens: Annotated[Tokens, Meta(description="Of the input: written to it.")] | None = None
    reasoning_tokens: Annotated[Tokens, Meta(description="Of the output.")] | None = None
    input_audio_tokens: Tokens | None = None
    output_audio_tokens: Tokens | None = None
    images: Tokens | None = None
    audio_seconds: Tokens | None = None
    searches: Tokens | None = None
    requests: Annotated[int, Meta(ge=1, description="How many such requests. Default 1.")] | None = None
    batch: Annotated[bool, Meta(description="Whether they may wait, at batch prices.")] | None = None
    region: Regions | None = None
    provider_id: Annotated[str, _ID, Meta(description="Only this provider's, item by item.")] | None = None


class ProviderStatus(Paged, frozen=True, kw_only=True):
    """One provider, or a list."""

    provider_id: (
        Annotated[str, _ID, Meta(description="One provider in full; without it, a list of all.")] | None
    ) = None
    search: Annotated[str, Meta(description="For the list: words of the name.")] | None = None
    status: (
        Annotated[
            tuple[Annotated[str, _words(*PROVIDER_STATUSES)], ...],
            Meta(description="For the list: only these."),
        ]
        | None
    ) = None
    period: Period | None = None


class RecentChanges(Arguments, frozen=True, kw_only=True):
    """Which changes."""

    since: Annotated[str, Meta(description="2026-03-01, or a time with its zone.")] | None = None
    until: Annotated[str, Meta(description="The same.")] | None = None
    kind: tuple[Annotated[str, _words("model", "provider", "offering", "vendor")], ...] | None = None
    topic: tuple[Annotated[str, _words(*get_args(Topic))], ...] | None = None
    action: tuple[Annotated[str, _words("added", "changed", "removed")], ...] | None = None
    model: Annotated[str, Meta(description="A model's id, for it and its offerings.")] | None = None
    provider: Annotated[str, Meta(description="A provider's id, for it and its offerings.")] | None = None
    cursor: Annotated[str, Meta(description="The next of the answer before.")] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


def read_arguments(kind: type[S], given: Mapping[str, Any]) -> S:
    """The arguments of a call; None and "5" for 5 are taken as they are meant.

    Raises ``BadRequest``, which says what is wrong with them.
    """
    properties = schema_of(kind)["properties"]
    for name in given:
        if name not in properties:
            near = suggest(name, properties)
            meant = f" (did you mean {near}?)" if near else ""
            raise BadRequest(f"There is no argument {name[:50]!r}{meant}; there are {', '.join(properties)}.")
    said = {name: value for name, value in given.items() if value is not None}
    for name, value in said.items():
        if properties[name].get("type") == "array" and isinstance(value, str):
            said[name] = [value]
    try:
        read = msgspec.convert(said, kind, strict=False)
        # Half of a surrogate pair is no text that can be asked for.
        size = len(msgspec.json.encode(read))
    except msgspec.ValidationError as error:
        raise BadRequest(_wrong(str(error))) from None
    except UnicodeEncodeError:
        raise BadRequest("The arguments hold a character that does not exist.") from None
    if size > MOST_BYTES:
        raise BadRequest(f"The arguments are longer than {MOST_BYTES} bytes: ask for less at a time.")
    return read


def given(arguments: Struct, *leave: str) -> dict[str, Any]:
    """What a call gives, by name, without those to ``leave``; what is None is left out."""
    names = [name for name in arguments.__struct_fields__ if name not in leave]
    return {name: value for name in names if (value := getattr(arguments, name)) is not None}


def _wrong(error: str) -> str:
    """What msgspec says, with the argument first: ``Expected `int`, got `str` - at `$.limit```."""
    what, _, where = error.replace("`", "").partition(" - at $.")
    if "regex" in what:
        what = "Expected an id without a slash, as search_models and provider_status give it"
    return f"{where}: {what[:1].lower()}{what[1:]}." if where else f"{what}."
