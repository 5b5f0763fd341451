"""What a run of ``python -m bench resolver`` found, and its part of docs/benchmarks.md."""

from pathlib import Path

from msgspec import Struct

from bench import kept
from bench.telemetry_results import table

KIND = "resolver"
PRECISION, RECALL = 0.99, 0.95
"""What is to be reached, on the providers that nobody looked at."""


class Part(Struct, frozen=True, kw_only=True):
    """How the offerings of some providers were resolved."""

    catalogue: str
    """``models.dev`` where names were resolved to its own models, ``registry`` where to the bundled ones."""
    part: str
    """``tuned`` for providers whose names may be looked at, ``measured`` for those that are only counted."""
    providers: int
    offerings: int
    """Those whose model is known, and is in the catalogue."""
    resolved: int
    right: int
    elsewhere: int = 0
    """Offerings of models that the catalogue does not have, which were resolved all the same."""
    absent: int = 0
    """Offerings of models that the catalogue does not have."""

    @property
    def precision(self) -> float:
        """How many of the answers are right; 1 where there are none."""
        return self.right / self.resolved if self.resolved else 1.0

    @property
    def recall(self) -> float:
        """How many of the offerings got the right answer; 1 where there are none."""
        return self.right / self.offerings if self.offerings else 1.0

    @property
    def reached(self) -> bool:
        """Whether both targets are."""
        return self.precision >= PRECISION and self.recall >= RECALL


class ResolverResults(Struct, frozen=True, kw_only=True):
    """One run."""

    date: str
    document: str
    """The first digits of the SHA-256 of the document that was measured on."""
    models: dict[str, int]
    """How many models each catalogue has."""
    parts: tuple[Part, ...]
    build_ms: float
    """How long it takes to build the resolver of the document's models."""
    resolve_us: float
    """How long one name takes on average, unresolved ones with their candidates."""


def newest() -> ResolverResults | None:
    """The results of the last run that was kept, if there was one."""
    return kept.newest(KIND, ResolverResults)


def keep(results: ResolverResults) -> Path:
    """Write results to where ``newest`` finds them."""
    return kept.keep(KIND, results.date, results)


def said(part: Part) -> str:
    """One line about one part."""
    more = f"; {part.elsewhere} of {part.absent} others resolved" if part.absent else ""
    return (
        f"{part.catalogue}, {part.part}: {part.providers} providers, {part.offerings} offerings: precision "
        f"{part.precision:.4f} ({part.right} of {part.resolved}), recall {part.recall:.4f} "
        f"({part.right} of {part.offerings}){more}"
    )


def section(results: ResolverResults | None) -> str:
    """The part of the page about names; empty when they were never measured."""
    if results is None:
        return ""
    rows = [
        [
            f"{part.catalogue}, {results.models[part.catalogue]} models",
            part.part,
            f"{part.providers}",
            f"{part.offerings}",
            f"{part.right} of {part.resolved}",
            f"{part.precision:.4f}",
            f"{part.recall:.4f}",
            f"{part.elsewhere} of {part.absent}" if part.absent else "",
        ]
        for part in results.parts
    ]
    head = ["names resolved to", "part", "providers", "offerings", "right", "precision", "recall"]
    return f"""
## Names of models

Measured on {results.date} by `python -m bench resolver`, on the catalogue of models.dev whose SHA-256 \
begins with `{results.document}`: those of its offerings that name the model they are of. The resolver sees \
a name, the provider's id and the title; the answer is hidden from it. Providers whose id's SHA-256 begins \
with an even byte are `tuned`: their names were looked at when the rules of [names](names.md) were written. \
Those of the others, `measured`, were not, nor does a rule name one of them. Targets are a precision of \
{PRECISION} and a recall of {RECALL}.

{table([*head, "of models it lacks"], rows)}

Precision is the share of answers that are right, recall the share of offerings that got the right answer. \
What is not resolved goes to a person, with candidates. The last column: offerings of models that the \
registry does not have by that id or alias, and how many of them were resolved to another, such as a release \
to the undated model. The resolver is built in {results.build_ms:.0f} ms; one name takes \
{results.resolve_us:.0f} µs.
"""
