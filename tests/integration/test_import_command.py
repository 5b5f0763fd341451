"""``openmodels import``, as a shell runs it."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.commands import Done, Program, program
from fixtures.registry_files import mapping, model, provider, valid_registry, write
from fixtures.sources import document as document_of
from fixtures.sources import served
from fixtures.terminal import run_on_a_terminal
from openmodels.registry.load import load_registry, require_registry

__all__ = ["program"]

COMMENTED = """\
# yaml-language-server: $schema=../../schemas/mapping.schema.json
provider_id: acme          # folder first, as I like it
model_id: acme-one

provider_model_name: 'one'
# Prices from the invoice of May.
pricing: {input_per_million: 1.0, output_per_million: 2.00, currency: USD}  # per million
available_regions:
    - us-east-1   # the only one

updated_at: "2025-06-01T00:00:00Z"
created_at: 2025-01-01T00:00:00Z
"""


def catalogue(**providers: dict[str, Any]) -> dict[str, Any]:
    """A document in the shape of models.dev's catalogue."""
    return {
        "models": {
            "acme/acme-two": {
                "id": "acme/acme-two",
                "name": "Acme Two",
                "family": "acme",
                "release_date": "2025-03-02",
                "open_weights": True,
                "reasoning": True,
                "tool_call": True,
                "modalities": {"input": ["text", "image"], "output": ["text"]},
                "limit": {"context": 256000, "output": 8192},
            }
        },
        "providers": providers
        or {
            "acme": listing("acme", one={"cost": {"input": 1, "output": 3}, "name": "Acme One"}),
            "zed": listing(
                "zed", **{"acme-two": {"cost": {"input": 0.5, "output": 1.5, "cache_read": 0.05}}}
            ),
        },
    }


def listing(name: str, **models: dict[str, Any]) -> dict[str, Any]:
    """A provider in that document."""
    return {
        "id": name,
        "name": name.title(),
        "api": f"https://api.{name}.example/v1",
        "npm": "@ai-sdk/openai-compatible",
        "env": [f"{name.upper()}_API_KEY"],
        "models": {
            key: {
                "id": key,
                "name": key,
                "limit": {"context": 128000, "output": 4096},
                "modalities": {"input": ["text"], "output": ["text"]},
                **values,
            }
            for key, values in models.items()
        },
    }


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    root = valid_registry(tmp_path / "registry")
    write(root, "mappings/acme/acme-one.yaml", COMMENTED)
    write(root, "vendors.yaml", [{"id": "acme", "name": "Acme", "prefixes": ["acme-"]}])
    return root


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return write(tmp_path, "catalog.json", catalogue())


def files_in(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def imported(program: Program, document: Path, registry: Path, *more: str) -> Done:
    return program("import", "models-dev", "--from", str(document), "--into", str(registry), *more)


def test_it_adds_what_is_new_and_leaves_the_registry_valid(
    program: Program, document: Path, registry: Path
) -> None:
    done = imported(program, document, registry)
    assert done.returncode == 0, done.stderr
    assert "added 1 model, 1 provider, 1 offering" in done.stdout
    assert "pricing.output_per_million: models-dev says 3, registry says 2.00" in done.stdout
    now = require_registry(registry)
    assert [m.id for m in now.models] == ["acme-one", "acme-two"]
    offering = next(o for o in now.offerings if o.provider_id == "zed")
    assert str(offering.pricing.cache_read_per_million) == "0.05"
    assert offering.source is not None
    assert offering.source.name == "models.dev"
    assert program("validate", str(registry)).returncode == 0


def test_comments_order_and_every_byte_that_is_not_edited_stay(
    program: Program, document: Path, registry: Path
) -> None:
    imported(program, document, registry)
    after = (registry / "mappings/acme/acme-one.yaml").read_text()
    gone = [line for line in COMMENTED.splitlines() if line not in after.splitlines()]
    assert gone == ['updated_at: "2025-06-01T00:00:00Z"']
    added = after.index("max_output_tokens: 4096\n")
    assert after[:added] == COMMENTED[: COMMENTED.index("available_regions")]
    assert after.endswith("\ncreated_at: 2025-01-01T00:00:00Z\n")
    assert "available_regions:\n    - us-east-1   # the only one\n" in after


def test_a_second_run_changes_no_byte(program: Program, document: Path, registry: Path) -> None:
    imported(program, document, registry)
    before = files_in(registry)
    again = imported(program, document, registry)
    assert again.returncode == 0
    assert "added 0 models, 0 providers, 0 offerings; 0 changed" in again.stdout
    assert files_in(registry) == before


def test_a_dry_run_writes_nothing_and_says_what_would_be(
    program: Program, document: Path, registry: Path
) -> None:
    before = files_in(registry)
    done = imported(program, document, registry, "--dry-run")
    assert done.returncode == 0
    assert "would add 1 model, 1 provider, 1 offering" in done.stdout
    assert files_in(registry) == before


def test_accept_takes_the_sources_price(program: Program, document: Path, registry: Path) -> None:
    only = ("--accept", "models-dev", "--only", "pricing.output_per_million", "--force")
    assert imported(program, document, registry, *only).returncode == 0
    text = (registry / "mappings/acme/acme-one.yaml").read_text()
    assert "pricing: {input_per_million: 1.0, output_per_million: 3, currency: USD}  # per million" in text


def test_it_refuses_to_change_much_without_force(program: Program, document: Path, registry: Path) -> None:
    before = files_in(registry)
    done = imported(program, document, registry, "--accept", "models-dev")
    assert done.returncode == 1
    assert "change values of 1 of 3 records (33.3 %, more than 20 %)" in done.stderr
    assert "--force" in done.stderr
    assert files_in(registry) == before
    dry = imported(program, document, registry, "--accept", "models-dev", "--dry-run")
    assert dry.returncode == 0
    assert "without --dry-run: the import would change" in dry.stdout


def test_it_refuses_to_shrink_the_registry(
    program: Program, document: Path, registry: Path, tmp_path: Path
) -> None:
    imported(program, document, registry)
    smaller = write(tmp_path, "smaller.json", catalogue(acme=listing("acme", one={})))
    done = imported(program, smaller, registry)
    assert done.returncode == 1
    assert "remove 1 of 6 records" in done.stderr
    assert imported(program, smaller, registry, "--force").returncode == 0
    assert not (registry / "mappings/zed").exists()
    assert load_registry(registry).issues == ()


def test_json_and_the_review_list_hold_everything(program: Program, registry: Path, tmp_path: Path) -> None:
    unknown: dict[str, dict[str, Any]] = {f"acme-nova-{n}": {} for n in range(60)}
    document = write(tmp_path, "many.json", catalogue(acme=listing("acme", **unknown)))
    review = tmp_path / "review.jsonl"
    done = imported(program, document, registry, "--format", "json", "--review", str(review))
    plan = json.loads(done.stdout)
    assert len(plan["review"]) == 60
    assert plan["counts"]["added_model"] == 1
    assert plan["source"] == "models-dev"
    lines = [json.loads(line) for line in review.read_text().splitlines()]
    assert {line["name"] for line in lines} == set(unknown)
    text = imported(program, document, registry).stdout
    assert "to review (60):" in text
    assert "… and 20 more" in text


def test_a_broken_registry_is_not_imported_into(program: Program, document: Path, registry: Path) -> None:
    write(registry, "models/acme-one.yaml", model(context_window="many"))
    before = files_in(registry)
    done = imported(program, document, registry)
    assert done.returncode == 1
    assert "models/acme-one.yaml:1:" in done.stdout
    assert files_in(registry) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "model-dev"), "did you mean models-dev?"),
        (("import", "models-dev", "--from", "no.json"), "there is no file no.json"),
        (("import", "models-dev", "--from", "catalog.json", "--accept", "lite"), "did you mean litellm?"),
        (("import", "models-dev", "--from", "catalog.json", "--provider", "acm"), "did you mean acme?"),
        (("import", "openai-compatible", "--from", "catalog.json"), "--provider ID"),
        (("import", "models-dev", "--from", "catalog.json", "--into", "nowhere"), "no such folder"),
    ],
)
def test_what_cannot_run_says_what_to_type(
    program: Program, document: Path, registry: Path, arguments: tuple[str, ...], words: str
) -> None:
    into = () if "--into" in arguments else ("--into", str(registry))
    done = program(*arguments, *into)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_a_run_that_is_killed_leaves_whole_files_and_the_next_one_finishes(
    program: Program, registry: Path, tmp_path: Path
) -> None:
    many = {f"p{n}": listing(f"p{n}", **{"acme-two": {"cost": {"input": 1, "output": 2}}}) for n in range(60)}
    document = write(tmp_path, "many.json", catalogue(**many))
    whole = tmp_path / "whole"
    shutil.copytree(registry, whole)
    assert imported(program, document, whole).returncode == 0
    command = [sys.executable, "-m", "openmodels", "import", "models-dev"]
    with subprocess.Popen(
        [*command, "--from", str(document), "--into", str(registry)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        while process.poll() is None and len(list((registry / "providers").iterdir())) < 20:
            pass
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert load_registry(registry).issues == ()
    assert imported(program, document, registry).returncode == 0
    for name in ("models", "providers", "mappings"):
        assert {p.name for p in (registry / name).glob("*")} >= {p.name for p in (whole / name).glob("*")}
    assert len(require_registry(registry).offerings) == 61


def test_progress_is_shown_on_a_terminal_only(document: Path, registry: Path) -> None:
    arguments = ("import", "models-dev", "--from", str(document), "--into", str(registry))
    shown = run_on_a_terminal(*arguments, cwd=registry.parent)
    assert "writing the registry" in shown
    assert "added 1 model" in shown


def test_it_asks_a_server_for_its_models(program: Program, registry: Path) -> None:
    listed = {"object": "list", "data": [{"id": "acme-two", "max_model_len": 4096}, {"id": "one"}]}
    write(registry, "models/acme-two.yaml", model("acme-two", name="Acme Two"))
    with served() as server:
        server.put("/v1/models", document_of(listed))
        done = program(
            *("import", "openai-compatible", "--provider", "acme", "--into", str(registry)),
            *("--from", f"{server.url}/v1"),
        )
    assert done.returncode == 0, done.stderr
    assert "added 0 models, 0 providers, 1 offering" in done.stdout
    offering = next(o for o in require_registry(registry).offerings if o.model_id == "acme-two")
    assert offering.context_window_override == 4096
    assert offering.pricing.input_per_million is None


def test_a_providers_key_goes_to_the_provider_only(
    program: Program, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openmodels.cli.importing import key_for  # noqa: PLC0415

    write(registry, "providers/acme.yaml", provider(env=["ACME_API_KEY"]))
    write(registry, "mappings/acme/acme-one.yaml", mapping())
    monkeypatch.setenv("ACME_API_KEY", "secret")
    records = require_registry(registry)
    assert key_for("https://api.acme.example/v1", "acme", records) == "secret"
    assert key_for("https://API.acme.example/v1/models", "acme", records) == "secret"
    for address in (
        "http://api.acme.example/v1",
        "https://api.acme.example.evil.example/v1",
        "https://evil.example/https://api.acme.example",
        "https://api.acme.example:8443/v1",
        "https://api.acme.example@evil.example/v1",
        "models.json",
    ):
        assert key_for(address, "acme", records) is None
    monkeypatch.setenv("OPENMODELS_IMPORT_KEY", "mine")
    assert key_for("http://127.0.0.1:8000/v1", "acme", records) == "mine"


def test_what_is_refused_can_still_be_looked_at(program: Program, registry: Path, tmp_path: Path) -> None:
    names = {f"acme-{n}": {"cost": {"input": 1, "output": 3}} for n in range(100, 250)}
    whole = catalogue(acme=listing("acme", one={}, **names, **{"who-knows": {}}))
    whole["models"] = {f"acme/{name}": {"id": name, "name": name, **FACTS} for name in names}
    document = write(tmp_path, "many.json", whole)
    before, review = files_in(registry), tmp_path / "review.jsonl"
    done = imported(program, document, registry, "--format", "json", "--review", str(review))
    assert done.returncode == 1, done.stderr
    assert "would add 150 models" in done.stderr
    body = json.loads(done.stdout)
    assert (body["written"], body["counts"]["added_model"]) == (None, 150)
    assert "who-knows" in review.read_text()
    assert files_in(registry) == before


FACTS = {
    "modalities": {"input": ["text"], "output": ["text"]},
    "limit": {"context": 128000, "output": 4096},
}
