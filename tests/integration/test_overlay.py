"""An overlay, through the commands and the API: it is published, and no public export gives it away."""

import asyncio
import gzip
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from contract.builders import settings_in
from fixtures.commands import Program, program
from fixtures.registry_files import mapping, model, provider, valid_registry, write
from fixtures.service import start_service
from openmodels.domain.records import Registry
from openmodels.opening import open_stores
from openmodels.registry.exporters.table import FORMATS
from openmodels.registry.overlay import require_with_overlay

__all__ = ["program"]

SECRET = "zzhushhush"
NUMBER = "424242"
"""Stand in everything that the overlay says; the number in its prices and sizes."""


@pytest.fixture
def registry(tmp_path: Path, program: Program) -> Path:
    root = valid_registry(tmp_path / "registry")
    write(root, "vendors.yaml", [{"id": "acme", "name": "Acme", "prefixes": ["acme-"]}])
    write(root, "providers/hidden-one.yaml", provider("hidden-one", api_base_url="https://h.example/v1"))
    write(root, "mappings/hidden-one/acme-one.yaml", mapping(provider_id="hidden-one"))
    return root


def own_pricing() -> dict[str, Any]:
    amount = float(f"0.{NUMBER}")
    prices: dict[str, Any] = dict.fromkeys(
        (
            "input_per_million",
            "output_per_million",
            "cache_read_per_million",
            "cache_write_per_million",
            "reasoning_per_million",
            "input_audio_per_million",
            "output_audio_per_million",
            "image_per_unit",
            "audio_per_second",
            "search_per_query",
        ),
        amount,
    )
    few = {"input_per_million": amount, "output_per_million": amount}
    tier = {"above_tokens": int(NUMBER), "cache_read_per_million": amount, **few}
    return prices | {"currency": "USD", "batch": few, "tiers": [tier]}


def own_model(identifier: str, **fields: Any) -> dict[str, Any]:
    return model(identifier) | {
        "name": f"{SECRET} name",
        "description": f"A {SECRET} description of it.",
        "context_window": int(NUMBER),
        "max_output_tokens": int(NUMBER),
        "family": f"{SECRET}-family",
        "vendor": f"{SECRET}-vendor",
        "licensing": f"{SECRET}-licence",
        "aliases": [f"{identifier}-{SECRET}-alias"],
        "benchmarks": [{"benchmark": f"{SECRET}-bench", "score": int(NUMBER), "notes": SECRET}],
        **fields,
    }


def own_provider(identifier: str) -> dict[str, Any]:
    return provider(identifier) | {
        "name": f"{SECRET} name",
        "description": f"A {SECRET} description of it.",
        "api_base_url": f"http://{identifier}-{SECRET}.internal:8000/v1",
        "docs_url": f"https://{SECRET}.example/docs",
        "status_page_url": f"https://{SECRET}.example/status",
        "env": [f"{identifier.upper().replace('-', '_')}_{SECRET.upper()}_KEY"],
        "regions": ["us-east-1", f"{SECRET}-1"],
        "probe": {"health_path": f"/{SECRET}"},
    }


def own_mapping(model_id: str, provider_id: str) -> dict[str, Any]:
    return mapping(model_id, provider_id) | {
        "provider_model_name": f"{SECRET}/{model_id}",
        "pricing": own_pricing(),
        "available_regions": [f"{SECRET}-1"],
        "context_window_override": int(NUMBER),
        "max_output_tokens": int(NUMBER),
        "rate_limits": {"requests_per_minute": int(NUMBER), "tokens_per_minute": int(NUMBER)},
        "source": {"name": SECRET, "url": f"https://{SECRET}.example/prices"},
    }


@pytest.fixture
def overlay(tmp_path: Path, registry: Path) -> Path:
    """Own records, and own values in every field of public ones."""
    root = tmp_path / "overlay"
    write(root, "vendors.yaml", [{"id": f"{SECRET}-vendor", "name": SECRET}, {"id": "acme", "name": SECRET}])
    write(root, f"models/{SECRET}-one.yaml", own_model(f"{SECRET}-one"))
    write(root, "models/acme-one.yaml", own_model("acme-one", replaced_by=f"{SECRET}-one"))
    write(root, f"providers/{SECRET}.yaml", own_provider(SECRET))
    write(
        root,
        "providers/acme.yaml",
        own_provider("acme") | {"regions": ["us-east-1", "eu-west-1", f"{SECRET}-1"]},
    )
    write(root, f"mappings/{SECRET}/{SECRET}-one.yaml", own_mapping(f"{SECRET}-one", SECRET))
    write(root, f"mappings/{SECRET}/acme-one.yaml", own_mapping("acme-one", SECRET))
    write(root, "mappings/acme/acme-one.yaml", own_mapping("acme-one", "acme"))
    write(root, "overlay.yaml", "hide: {providers: [hidden-one]}\n")
    return root


def leaks(raw: bytes) -> list[str]:
    """What of the overlay's is in ``raw``, packed or not."""
    texts = [raw]
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            texts.append(unpack(raw))
        except (OSError, EOFError, zlib.error):
            continue
    found = [word for word in (SECRET, NUMBER) for text in texts if word.encode() in text.lower() + text]
    return sorted(set(found))


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_no_public_export_gives_anything_away(
    program: Program, registry: Path, overlay: Path, tmp_path: Path, form: str
) -> None:
    private = program("export", form, "--output", "private", OPENMODELS_OVERLAY="overlay")
    assert private.returncode == 0, private.stderr
    assert leaks((tmp_path / "private").read_bytes()) != []
    public = program("export", form, "--output", "public", "--public", OPENMODELS_OVERLAY="overlay")
    assert public.returncode == 0, public.stderr
    assert leaks((tmp_path / "public").read_bytes()) == []
    assert leaks((public.stdout + public.stderr).encode()) == []
    # To the byte what somebody without an overlay exports.
    plain = program("export", form, "--output", "plain", OPENMODELS_OVERLAY="")
    assert plain.returncode == 0
    assert (tmp_path / "public").read_bytes() == (tmp_path / "plain").read_bytes()


def test_a_public_export_does_not_even_read_the_overlay(program: Program, registry: Path) -> None:
    write(registry.parent, "overlay/overlay.yml", SECRET)
    form = min(FORMATS)
    assert program("export", form, "--output", "x", OPENMODELS_OVERLAY="overlay").returncode != 0
    done = program("export", form, "--output", "x", "--public", OPENMODELS_OVERLAY="overlay")
    assert (done.returncode, leaks((done.stdout + done.stderr).encode())) == (0, [])


def test_validating_and_auditing_the_registry_say_nothing_of_it(
    program: Program, registry: Path, overlay: Path
) -> None:
    before = {path: path.read_bytes() for path in sorted(registry.rglob("*.yaml"))}
    for arguments in (("validate", "--overlay", ""), ("audit",), ("audit", "--format", "json")):
        done = program(*arguments, OPENMODELS_OVERLAY="" if arguments[0] == "validate" else "overlay")
        assert done.returncode == 0, done.stdout + done.stderr
        assert leaks((done.stdout + done.stderr).encode()) == []
    summary = program("validate", OPENMODELS_OVERLAY="overlay").stdout
    assert summary.endswith("; the overlay added 5, changed 4 and hid 2 records\n")
    assert leaks(summary.encode()) == []
    assert {path: path.read_bytes() for path in sorted(registry.rglob("*.yaml"))} == before


def published(folder: Path) -> Registry:
    async def load() -> Registry:
        async with open_stores(settings_in(folder / "var")) as stores:
            found = await stores.registry.load()
            assert found is not None
            return found[1]

    return asyncio.run(load())


def test_it_is_laid_over_the_registry_when_that_is_published(
    program: Program, registry: Path, overlay: Path, tmp_path: Path
) -> None:
    done = program("publish", "--overlay", "overlay")
    assert done.returncode == 0, done.stdout
    assert published(tmp_path) == require_with_overlay(registry, overlay)
    assert program("publish", OPENMODELS_OVERLAY="overlay").stdout.startswith("nothing changed")
    assert program("publish", OPENMODELS_OVERLAY="").returncode == 0
    assert published(tmp_path) == require_with_overlay(registry, None)
    assert leaks(json.dumps([m.id for m in published(tmp_path).models]).encode()) == []


def test_publishing_it_without_leave_changes_nothing(program: Program, registry: Path, overlay: Path) -> None:
    write(overlay, "models/acme-one.yaml", "licensing: [\n")
    done = program("publish", OPENMODELS_OVERLAY="overlay")
    assert done.returncode == 1
    assert "overlay/models/acme-one.yaml:2:1: yaml-syntax" in done.stdout
    assert program("publish", OPENMODELS_OVERLAY="nowhere").returncode == 2


def test_validate_tells_the_issues_in_their_folders(program: Program, registry: Path, overlay: Path) -> None:
    write(registry, "models/acme-one.yaml", model(licensing="MIT"))
    write(overlay, f"models/{SECRET}-one.yaml", own_model(f"{SECRET}-one", context_window=-1))
    done = program("validate", "--overlay", "overlay")
    assert done.returncode == 1
    places = re.findall(r"^(\S+\.yaml):\d+:\d+: (\S+)", done.stdout, re.MULTILINE)
    assert places == [
        ("registry/models/acme-one.yaml", "bad-format"),
        (f"overlay/models/{SECRET}-one.yaml", "out-of-range"),
    ]
    github = program("validate", "--overlay", "overlay", "--format", "github").stdout
    assert f"::error file=overlay/models/{SECRET}-one.yaml,line=1," in github
    issues = json.loads(program("validate", "--overlay", "overlay", "--format", "json").stdout)["issues"]
    assert [issue.get("layer") for issue in issues] == [None, "overlay"]


@pytest.mark.anyio
async def test_the_api_serves_it_and_says_which_facts_are_its_own(registry: Path, overlay: Path) -> None:
    service = await start_service(require_with_overlay(registry, overlay))
    assert await service.ids("/api/models") == ["acme-one", f"{SECRET}-one"]
    assert await service.ids("/api/providers") == ["acme", SECRET]
    found = await service.json(f"/api/providers/{SECRET}")
    assert found["api_base_url"] == f"http://{SECRET}-{SECRET}.internal:8000/v1"
    raw = (await service.get("/api/models/acme-one/providers")).text
    assert f"0.{NUMBER}" in raw
    provenance = (await service.get("/api/models/acme-one/provenance")).text
    assert '"source":"overlay"' in provenance
    assert SECRET in (await service.get("/api/search/index")).text
