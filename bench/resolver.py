"""``python -m bench resolver``: how many names of models the resolver gets right, and how many at all.

Asked are the offerings of models.dev's catalogue that say which model they are of (``base_model``): the
answer, which is hidden from the resolver. Of providers whose id's SHA-256 begins with an odd byte only counts
are ever shown: what nobody has looked at is what the rules are measured on.
"""

import argparse
import hashlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from bench import report, resolver_results
from bench.resolver_results import Part, ResolverResults, said
from openmodels.domain.naming import Resolution, Resolver
from openmodels.domain.naming.parts import DERIVED, ORGANISATIONS, SCHEMES
from openmodels.domain.naming.rules import RULES
from openmodels.domain.naming.spelling import canonical_id
from openmodels.domain.records import Model, Registry, Vendor
from openmodels.domain.vendors import prefix_index, vendor_of
from openmodels.registry.load import require_registry

ROOT = Path(__file__).parents[1]
VARIABLE = "OPENMODELS_MODELS_DEV"
USUAL = ROOT / "bench" / "var" / "models-dev.catalog.json"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TUNED, MEASURED = "tuned", "measured"


class Entry(Struct, frozen=True):
    """What is read of a model in the document."""

    name: str = ""
    open_weights: bool | None = None
    base_model: str | None = None
    release_date: str | None = None


class Listing(Struct, frozen=True):
    """What is read of a provider in the document."""

    models: dict[str, Entry] = {}


class Document(Struct, frozen=True):
    """What is read of the document."""

    models: dict[str, Entry]
    providers: dict[str, Listing]


class Question(Struct, frozen=True):
    """An offering, and the id of its model."""

    provider: str
    name: str
    title: str
    answer: str


def main(arguments: Sequence[str]) -> None:
    """Measure, keep the results, and write the page anew."""
    parser = argparse.ArgumentParser(prog="python -m bench resolver", description=__doc__)
    parser.add_argument("--catalog", type=Path, help="models.dev's catalog.json")
    parser.add_argument("--unresolved", action="store_true", help="list what is not resolved as well")
    options = parser.parse_args(arguments)
    file = options.catalog or usual_catalog()
    if file is None:
        sys.exit(missing())
    run(file, unresolved=options.unresolved)
    report.main()


def usual_catalog() -> Path | None:
    """The document that the environment names, or that lies where it usually does, if there is one."""
    given = os.environ.get(VARIABLE)
    file = Path(given) if given else USUAL
    return file if given or file.is_file() else None


def missing() -> str:
    """What to do where there is no document."""
    return (
        "names of models are not measured: save https://models.dev/catalog.json as "
        f"{USUAL.relative_to(ROOT)}, or set {VARIABLE} to where it is"
    )


def run(file: Path, *, unresolved: bool = False) -> None:
    """Measure on ``file``, print what was found, and keep it."""
    try:
        content = file.read_bytes()
        document = msgspec.json.decode(content, type=Document)
    except (OSError, msgspec.DecodeError) as problem:
        sys.exit(f"{file} is no catalogue of models.dev: {problem}")
    registry = require_registry(ROOT / "registry")
    digest = hashlib.sha256(content).hexdigest()[:16]
    results = measure(document, registry, digest, lambda line: print(line, flush=True), unresolved=unresolved)
    print(f"results in {resolver_results.keep(results).relative_to(ROOT)}")


def measure(
    document: Document,
    registry: Registry,
    digest: str,
    say: Callable[[str], None],
    *,
    unresolved: bool = False,
) -> ResolverResults:
    """Ask for every offering, against the document's own models and against the registry's."""
    named = named_providers(document)
    if named:
        sys.exit(f"rules name providers that they are only measured on: {', '.join(sorted(named))}")
    models = models_of(document, registry.vendors)
    began = time.perf_counter()
    own = Resolver(models, registry.vendors)
    build = time.perf_counter() - began
    bundled = Resolver(registry.models, registry.vendors)
    asked = list(questions(document))
    began = time.perf_counter()
    for question in asked:
        ask(own, question)
    each = (time.perf_counter() - began) / max(len(asked), 1)
    parts = []
    for catalogue, resolver in (("models.dev", own), ("registry", bundled)):
        for part in (TUNED, MEASURED):
            some = [question for question in asked if part_of(question.provider) == part]
            parts.append(count(catalogue, part, resolver, some))
            say(said(parts[-1]))
            # Of the other part, not even the names of what went wrong may be seen.
            if part == TUNED and catalogue == "models.dev":
                for line in mistakes(resolver, some, unresolved=unresolved):
                    say(f"  {line}")
    return ResolverResults(
        date=datetime.now(UTC).date().isoformat(),
        document=digest,
        models={"models.dev": len(models), "registry": len(registry.models)},
        parts=tuple(parts),
        build_ms=round(build * 1000, 1),
        resolve_us=round(each * 1_000_000, 1),
    )


def part_of(provider: str) -> str:
    """Which part of the providers one belongs to: by the first byte of the SHA-256 of its id."""
    return MEASURED if hashlib.sha256(provider.encode()).digest()[0] % 2 else TUNED


def named_providers(document: Document) -> set[str]:
    """Words of the rules that are ids of providers which the rules may not name."""
    words = {*ORGANISATIONS, *SCHEMES, *DERIVED}
    for rule in RULES:
        texts = (rule.pattern.pattern if rule.pattern else "", rule.doc, *rule.example)
        words.update(word for text in texts for word in re.findall(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", text))
    return {word for word in words & document.providers.keys() if part_of(word) == MEASURED}


def models_of(document: Document, vendors: Sequence[Vendor]) -> list[Model]:
    """The document's own models. Whose they are, their ids tell, else the document."""
    prefixes = prefix_index(vendors)
    return [
        Model(
            id=canonical_id(key),
            name=entry.name,
            vendor=vendor_of(canonical_id(key), prefixes) or key.partition("/")[0],
            open_weights=entry.open_weights,
            release_date=entry.release_date,
            description="A model to resolve names to.",
            capabilities=("chat",),
            modalities=("text",),
            context_window=None,
            licensing="other",
            created_at=EPOCH,
            updated_at=EPOCH,
        )
        for key, entry in document.models.items()
    ]


def questions(document: Document) -> Iterator[Question]:
    """Every offering that says which model it is of."""
    for provider, listing in document.providers.items():
        for name, entry in listing.models.items():
            if entry.base_model:
                yield Question(provider, name, entry.name, canonical_id(entry.base_model))


def ask(resolver: Resolver, question: Question) -> Resolution:
    """What the resolver makes of an offering, the answer apart."""
    return resolver.resolve(question.name, provider=question.provider, title=question.title)


def count(catalogue: str, part: str, resolver: Resolver, asked: Sequence[Question]) -> Part:
    """How many are resolved, and how many rightly."""
    offerings = resolved = right = elsewhere = absent = 0
    for question in asked:
        answer = expected(resolver, question)
        found = ask(resolver, question).model_id
        if answer is None:
            absent += 1
            elsewhere += found is not None
        else:
            offerings += 1
            resolved += found is not None
            right += found == answer
    return Part(
        catalogue=catalogue,
        part=part,
        providers=len({question.provider for question in asked}),
        offerings=offerings,
        resolved=resolved,
        right=right,
        elsewhere=elsewhere,
        absent=absent,
    )


def expected(resolver: Resolver, question: Question) -> str | None:
    """The catalogue's id of the right answer: it has that very id or alias, or does not have the model."""
    found = resolver.resolve(question.answer)
    return found.model_id if found.rules == ("exact",) else None


def mistakes(resolver: Resolver, asked: Sequence[Question], *, unresolved: bool) -> Iterator[str]:
    """A line for each wrong answer, and for each missing one where those are asked for."""
    for question in asked:
        found = ask(resolver, question)
        if found.model_id == question.answer or (found.model_id is None and not unresolved):
            continue
        best = ", ".join(f"{c.model_id} {c.score:g}" for c in found.candidates)
        said_instead = found.model_id or f"unresolved ({best})"
        yield f"{question.provider}: {question.name} is {question.answer}: {said_instead} {list(found.rules)}"
