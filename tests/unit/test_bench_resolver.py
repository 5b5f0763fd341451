"""The measurement of names: what it asks, what it counts, and what it never shows."""

import hashlib
from pathlib import Path

import pytest
from bench import resolver as measured
from bench import resolver_results
from bench.resolver import Document, Entry, Listing, Question, measure
from bench.resolver_results import Part, ResolverResults, said, section

from contract.builders import model, registry, vendor
from openmodels.domain.naming import Resolution, Resolver

EVEN, ODD = (
    next(f"host{n}" for n in range(99) if hashlib.sha256(f"host{n}".encode()).digest()[0] % 2 == bit)
    for bit in (0, 1)
)
OWN = registry(
    model("gpt-4o", aliases=("gpt-4o-2024-05-13",)), vendor("openai", name="OpenAI", prefixes=("gpt-",))
)


def unheard(_: str) -> None:
    """Nobody listens."""


def document() -> Document:
    offerings = {
        "openai/gpt-4o:free": Entry(name="GPT-4o", base_model="openai/gpt-4o"),
        "gpt-4o-2024-05-13": Entry(name="GPT-4o of May", base_model="openai/gpt-4o-2024-05-13"),
        "secret-mistake": Entry(name="Wrong", base_model="openai/gpt-4o"),
        "gpt-4.1": Entry(name="GPT-4.1", base_model="openai/gpt-4o"),
        "unasked": Entry(name="Nobody knows"),
    }
    models = {
        "openai/gpt-4o": Entry(name="GPT-4o", open_weights=False),
        "openai/gpt-4o-2024-05-13": Entry(name="GPT-4o (2024-05-13)", open_weights=False),
        "openai/gpt-4.1": Entry(name="GPT-4.1", open_weights=False),
    }
    return Document(models=models, providers={EVEN: Listing(offerings), ODD: Listing(offerings)})


def test_it_counts_what_is_right_of_each_part() -> None:
    found = measure(document(), OWN, "digest", unheard)
    assert [(p.catalogue, p.part, p.providers, p.offerings, p.resolved, p.right) for p in found.parts] == [
        ("models.dev", "tuned", 1, 4, 3, 2),
        ("models.dev", "measured", 1, 4, 3, 2),
        ("registry", "tuned", 1, 4, 2, 2),
        ("registry", "measured", 1, 4, 2, 2),
    ]
    assert found.models == {"models.dev": 3, "registry": 1}


def test_it_lists_mistakes_of_the_part_that_may_be_looked_at_only() -> None:
    lines: list[str] = []
    measure(document(), OWN, "digest", lines.append, unresolved=True)
    listed = [line for line in lines if line.startswith("  ")]
    assert [line.split()[1] for line in listed] == ["secret-mistake", "gpt-4.1"]
    assert all(line.startswith(f"  {EVEN}:") for line in listed)
    assert not any(ODD in line for line in lines)


def test_it_lists_no_unresolved_names_unless_asked() -> None:
    lines: list[str] = []
    measure(document(), OWN, "digest", lines.append)
    assert [line.split()[1] for line in lines if line.startswith("  ")] == ["gpt-4.1"]


def test_it_shows_the_resolver_all_but_the_answer() -> None:
    asked: list[tuple[str, str | None, str | None]] = []

    class Watched(Resolver):
        def resolve(self, name: str, *, provider: str | None = None, title: str | None = None) -> Resolution:
            asked.append((name, provider, title))
            return super().resolve(name, provider=provider, title=title)

    measured.ask(Watched([model("one")]), Question("host", "name", "Title", "one"))
    assert asked == [("name", "host", "Title")]


def test_it_tells_the_resolver_what_the_document_says_of_its_models() -> None:
    entry = Entry(name="GPT-4o", open_weights=False, release_date="2024-05-13")
    (one,) = measured.models_of(Document(models={"openai/gpt-4o": entry}, providers={}), ())
    assert (one.id, one.name, one.vendor) == ("gpt-4o", "GPT-4o", "openai")
    assert (one.open_weights, one.release_date) == (False, "2024-05-13")


def test_it_counts_apart_what_the_registry_lacks() -> None:
    lacking = registry(model("gpt-4-1"))
    part = next(p for p in measure(document(), lacking, "digest", unheard).parts if p.catalogue == "registry")
    assert (part.offerings, part.absent, part.elsewhere) == (0, 4, 1)
    assert (part.precision, part.recall) == (1.0, 1.0)


def test_it_refuses_rules_that_name_a_provider_which_they_are_measured_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measured, "ORGANISATIONS", frozenset({ODD, EVEN}))
    with pytest.raises(SystemExit, match=ODD):
        measure(document(), OWN, "digest", unheard)


def test_it_says_how_to_get_the_document(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(measured.VARIABLE, raising=False)
    monkeypatch.setattr(measured, "USUAL", measured.ROOT / "bench" / "var" / "nowhere.json")
    assert measured.usual_catalog() is None
    with pytest.raises(SystemExit, match=r"https://models\.dev/catalog\.json"):
        measured.main([])
    monkeypatch.setenv(measured.VARIABLE, str(tmp_path / "mine.json"))
    assert measured.usual_catalog() == tmp_path / "mine.json"


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"models": 5}'])
def test_it_says_that_a_file_is_no_catalogue(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "catalog.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SystemExit, match=r"is no catalogue of models\.dev"):
        measured.main(["--catalog", str(file)])


def test_it_tells_precision_and_recall() -> None:
    part = Part(catalogue="models.dev", part="tuned", providers=2, offerings=200, resolved=100, right=99)
    assert (part.precision, part.recall, part.reached) == (0.99, 0.495, False)
    assert said(part) == (
        "models.dev, tuned: 2 providers, 200 offerings: precision 0.9900 (99 of 100), "
        "recall 0.4950 (99 of 200)"
    )
    results = ResolverResults(
        date="2026-01-01",
        document="abc",
        models={"models.dev": 3},
        parts=(part,),
        build_ms=12.4,
        resolve_us=60.2,
    )
    assert "| models.dev, 3 models | tuned | 2 | 200 | 99 of 100 | 0.9900 | 0.4950 |  |" in section(results)
    assert section(None) == ""


def test_it_kept_results_that_reach_the_targets() -> None:
    results = resolver_results.newest()
    assert results is not None
    own = [part for part in results.parts if part.catalogue == "models.dev"]
    assert [part.part for part in own] == ["tuned", "measured"]
    assert all(part.reached for part in own)
    assert sum(part.offerings for part in own) == 1347
