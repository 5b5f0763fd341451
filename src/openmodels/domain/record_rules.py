"""The rules within one record that no single value can break."""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Generic, get_args, get_type_hints

from msgspec import Struct

from openmodels.domain.entries import Dated, Entry, R
from openmodels.domain.faults import Fault, Path, did_you_mean, shown
from openmodels.domain.records import Model, Offering, Provider, Record
from openmodels.domain.vocabulary import suggest

MAX_DAILY_BUDGET = 100
"""The most that a provider's file may allow probes to spend in a day: strangers send files in, and the keys
are those of whoever runs the prober."""

OTHER_SECRETS = re.compile(
    r"PASSW|SECRET|PRIVATE|DATABASE|POSTGRES|MYSQL|REDIS|MONGO|SESSION|COOKIE|SIGNING|ENCRYPT|SSH|GPG|PGP"
    r"|GITHUB|GITLAB|BITBUCKET|DOCKER|NPM|PYPI|STRIPE|SLACK|TWILIO|SENDGRID|SENTRY|^OPENMODELS_"
)
"""Parts of names under which secrets are kept that are no model provider's key. A prober sends what a file's
variables hold to that file's host, and files come from strangers."""


class Rule(Struct, Generic[R], frozen=True):
    """One rule within a record."""

    check: Callable[[Entry[R]], Iterator[Fault]]
    reads: tuple[str, ...]


def _id_is_file_name(entry: Entry[Model] | Entry[Provider]) -> Iterator[Fault]:
    if entry.record.id != entry.key:
        yield _mismatch("id", entry.record.id, entry.key, f"rename the file to {entry.record.id}.yaml")


def _model_id_is_file_name(entry: Entry[Offering]) -> Iterator[Fault]:
    model_id = entry.record.model_id
    if model_id != entry.key:
        yield _mismatch("model_id", model_id, entry.key, f"rename the file to {model_id}.yaml")


def _provider_id_is_folder_name(entry: Entry[Offering]) -> Iterator[Fault]:
    provider_id = entry.record.provider_id
    if provider_id != entry.folder:
        move = f"move the file to mappings/{provider_id}/"
        yield _mismatch("provider_id", provider_id, entry.folder, move)


def _mismatch(field: str, found: str, expected: str, otherwise: str) -> Fault:
    where = "folder" if field == "provider_id" else "file"
    return Fault(
        "id-mismatch",
        (field,),
        shown(found),
        f"{shown(expected)}, as the {where} is named",
        f"write {shown(expected)} here, or {otherwise}",
    )


def _not_its_own_alias(entry: Entry[Model]) -> Iterator[Fault]:
    for index, alias in enumerate(entry.record.aliases):
        if alias == entry.record.id:
            yield Fault(
                "alias-of-itself", ("aliases", index), shown(alias), "another id than its own", "remove it"
            )


def _not_its_own_successor(entry: Entry[Model]) -> Iterator[Fault]:
    if entry.record.replaced_by == entry.record.id:
        found = shown(entry.record.replaced_by)
        yield Fault("replaced-by-itself", ("replaced_by",), found, "the id of another model, or no such key")


def _updated_after_created(entry: Entry[Dated]) -> Iterator[Fault]:
    if entry.record.updated_at < entry.record.created_at:
        yield Fault(
            "updated-before-created",
            ("updated_at",),
            entry.record.updated_at.isoformat(),
            f"the time of `created_at` ({entry.record.created_at.isoformat()}) or later",
        )


def _retired_with_date(entry: Entry[Model]) -> Iterator[Fault]:
    if entry.record.status == "retired" and entry.record.deprecation_date is None:
        yield Fault(
            "retired-without-date",
            ("status",),
            "retired, without `deprecation_date`",
            "the day on which the vendor retired it",
            "add `deprecation_date: 2025-12-31`, with the right day",
        )


def _modalities_are_the_union(entry: Entry[Model]) -> Iterator[Fault]:
    model = entry.record
    if model.input_modalities is None or model.output_modalities is None:
        return
    union = dict.fromkeys(model.input_modalities + model.output_modalities)
    if set(union) != set(model.modalities):
        yield Fault(
            "modalities-differ",
            ("modalities",),
            f"[{', '.join(model.modalities)}]",
            f"[{', '.join(union)}], all that goes in or comes out",
        )


def _base_url_is_bare(entry: Entry[Provider]) -> Iterator[Fault]:
    url = entry.record.api_base_url
    bare = url.partition("#")[0].partition("?")[0].rstrip("/")
    if url != bare:
        yield Fault(
            "bad-base-url",
            ("api_base_url",),
            shown(url),
            "an address that a path can be appended to: no slash at its end, no query, no fragment",
            f"write {bare}",
        )


def _base_url_is_secure(entry: Entry[Provider]) -> Iterator[Fault]:
    """In an overlay a server in the house may be plain HTTP: its owner knows the way there."""
    url = entry.record.api_base_url
    if url.startswith("http:") and not entry.own:
        yield Fault(
            "insecure-url",
            ("api_base_url",),
            shown(url),
            "an https address",
            "put a server in your own house into an overlay (OPENMODELS_OVERLAY)",
        )


def _budget_is_modest(entry: Entry[Provider]) -> Iterator[Fault]:
    budget = entry.record.probe.daily_budget if entry.record.probe else None
    if budget is not None and budget > MAX_DAILY_BUDGET:
        yield Fault(
            "out-of-range",
            ("probe", "daily_budget"),
            str(budget),
            f"an amount from 0 to {MAX_DAILY_BUDGET}",
            "who runs a prober may allow more: OPENMODELS_PROBE_DAILY_BUDGET, and no daily_budget here",
        )


def _keys_are_of_providers(entry: Entry[Provider]) -> Iterator[Fault]:
    for index, variable in enumerate(entry.record.env):
        if OTHER_SECRETS.search(variable.upper()):
            yield Fault(
                "not-a-key",
                ("env", index),
                shown(variable),
                "the name of a model provider's key, such as EXAMPLE_API_KEY",
                "what it holds would be sent to api_base_url",
            )


def _tiers_ascend(entry: Entry[Offering]) -> Iterator[Fault]:
    before = 0
    for index, tier in enumerate(entry.record.pricing.tiers):
        if tier.above_tokens <= before:
            yield Fault(
                "tiers-order",
                ("pricing", "tiers", index, "above_tokens"),
                str(tier.above_tokens),
                f"more than {before}, which the tier before it has",
                "order the tiers by above_tokens, each once",
            )
        before = tier.above_tokens


def _sources_once(entry: Entry[Dated]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, item in enumerate(entry.record.provenance):
        if item.source in seen:
            found, expected = shown(item.source), "each source once"
            path: Path = ("provenance", index, "source")
            yield Fault("duplicate-source", path, found, expected, "put its fields into one item")
        seen.add(item.source)


def _fields_exist(entry: Entry[Dated]) -> Iterator[Fault]:
    known = field_paths(type(entry.record))
    for path, field in _named_fields(entry.record):
        if field not in known:
            near = suggest(field, known)
            expected = f"a field of a {type(entry.record).__name__.lower()}"
            yield Fault("unknown-field", path, shown(field), expected, did_you_mean(near))


def _fields_claimed_once(entry: Entry[Dated]) -> Iterator[Fault]:
    holders: dict[str, str] = {}
    for index, item in enumerate(entry.record.provenance):
        for place, field in enumerate(item.fields):
            holder = holders.setdefault(field, item.source)
            if holder != item.source or field in item.fields[:place]:
                expected = f"a field that no other entry has; {holder} has this one"
                yield Fault("claimed-twice", ("provenance", index, "fields", place), shown(field), expected)
        for place, claim in enumerate(item.differs):
            earlier = {other.field for other in item.differs[:place]}
            if claim.field in item.fields or claim.field in earlier:
                path: Path = ("provenance", index, "differs", place, "field")
                yield Fault("claimed-twice", path, shown(claim.field), "each field of a source once")


def _named_fields(record: Model | Provider | Offering) -> Iterator[tuple[Path, str]]:
    for index, item in enumerate(record.provenance):
        for place, field in enumerate(item.fields):
            yield ("provenance", index, "fields", place), field
        for place, claim in enumerate(item.differs):
            yield ("provenance", index, "differs", place, "field"), claim.field


@functools.cache
def field_paths(struct: type[Record]) -> frozenset[str]:
    """The fields of a record that provenance can name: each as a whole, and those of its parts by dots."""
    paths: set[str] = set()
    for name, hint in get_type_hints(struct).items():
        if name not in struct.__struct_fields__ or name == "provenance":
            continue
        paths.add(name)
        for inner in (hint, *get_args(hint)):
            if isinstance(inner, type) and issubclass(inner, Record):
                paths.update(f"{name}.{path}" for path in field_paths(inner))
    return frozenset(paths)


MODEL_RULES: tuple[Rule[Model], ...] = (
    Rule(_id_is_file_name, ("id",)),
    Rule(_not_its_own_alias, ("id", "aliases")),
    Rule(_not_its_own_successor, ("id", "replaced_by")),
    Rule(_updated_after_created, ("created_at", "updated_at")),
    Rule(_retired_with_date, ("status", "deprecation_date")),
    Rule(_modalities_are_the_union, ("modalities", "input_modalities", "output_modalities")),
    Rule(_sources_once, ("provenance",)),
    Rule(_fields_exist, ("provenance",)),
    Rule(_fields_claimed_once, ("provenance",)),
)
PROVIDER_RULES: tuple[Rule[Provider], ...] = (
    Rule(_id_is_file_name, ("id",)),
    Rule(_updated_after_created, ("created_at", "updated_at")),
    Rule(_base_url_is_bare, ("api_base_url",)),
    Rule(_base_url_is_secure, ("api_base_url",)),
    Rule(_budget_is_modest, ("probe",)),
    Rule(_keys_are_of_providers, ("env",)),
    Rule(_sources_once, ("provenance",)),
    Rule(_fields_exist, ("provenance",)),
    Rule(_fields_claimed_once, ("provenance",)),
)
OFFERING_RULES: tuple[Rule[Offering], ...] = (
    Rule(_model_id_is_file_name, ("model_id",)),
    Rule(_provider_id_is_folder_name, ("provider_id",)),
    Rule(_updated_after_created, ("created_at", "updated_at")),
    Rule(_tiers_ascend, ("pricing",)),
    Rule(_sources_once, ("provenance",)),
    Rule(_fields_exist, ("provenance",)),
    Rule(_fields_claimed_once, ("provenance",)),
)
