"""The export for models.dev's clients, read by opencode: it lists our models."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from contract.builders import model, offering, provider, registry, vendor
from fixtures.catalogue import pricing
from fixtures.server import RunningServer, start_server
from fixtures.written import write_records
from foreign.process import MODULES
from openmodels.domain.records import PriceTier, Registry

SECONDS = 60.0
"""A bound for one run of opencode, which takes about two."""


def binary() -> Path:
    """Where npm puts opencode for this machine."""
    system = {"linux": "linux", "darwin": "darwin", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    return MODULES / f"opencode-{system}-{machine}" / "bin" / "opencode"


pytestmark = pytest.mark.skipif(
    not binary().exists(), reason=f"opencode did not install for this machine: {binary()} is not there"
)


def content() -> Registry:
    tier = PriceTier(above_tokens=200_000, input_per_million=Decimal(2))
    both = {
        "modalities": ("text", "image"),
        "input_modalities": ("text", "image"),
        "output_modalities": ("text",),
    }
    return registry(
        vendor("acme"),
        model("acme-one", vendor="acme", name="Acme One", release_date="2026-01-31", **both),
        model("acme-two", vendor="acme", name="Acme Two"),
        provider("groq", api_base_url="https://api.groq.com/openai/v1", env=("GROQ_API_KEY",)),
        provider("our-house", env=("OUR_HOUSE_KEY",)),
        provider("locked", env=("NOBODY_SET_THIS_KEY",)),
        offering("groq", "acme-one", pricing=pricing("1", "3", tiers=(tier,))),
        offering("groq", "acme-two", provider_model_name="acme/two:latest", pricing=pricing("0", "0")),
        offering("our-house", "acme-one", provider_model_name="one-in-house", price=None),
        offering("our-house", "acme-two", status="retired"),
        offering("locked", "acme-one"),
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("export-opencode")
    write_records(folder / "registry", content())
    with start_server(folder, registry=folder / "registry", RATE_LIMIT="0") as server:
        yield server


def opencode(server: RunningServer, folder: Path, *arguments: str) -> str:
    """What it says, in a home of its own, and with proxies that lead nowhere."""
    nowhere = "http://127.0.0.1:9"
    env = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "OPENCODE_MODELS_URL": f"http://127.0.0.1:{server.port}/api/export/models-dev",
        "OPENCODE_DISABLE_AUTOUPDATE": "true",
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1",
        "GROQ_API_KEY": "not-a-key",
        "OUR_HOUSE_KEY": "not-a-key",
    }
    env |= {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "CACHE", "STATE")}
    done = subprocess.run(
        [binary(), *arguments],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(served: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which opencode has what we serve: before that, it lists what it brings while it asks."""
    folder = tmp_path_factory.mktemp("opencode")
    opencode(served, folder, "models", "--refresh")
    return folder


def test_it_has_opencode_list_our_models(served: RunningServer, home: Path) -> None:
    assert opencode(served, home, "models").split() == [
        "groq/acme-one",
        "groq/acme/two:latest",
        "our-house/one-in-house",
    ]


def test_it_has_opencode_know_our_prices_and_limits(served: RunningServer, home: Path) -> None:
    said = opencode(served, home, "models", "groq", "--verbose")
    # A line with its name, then what it knows.
    _, _, after = said.partition("groq/acme-one\n")
    known = msgspec.json.decode(after.partition("\ngroq/")[0])
    assert known["name"] == "Acme One"
    assert known["limit"]["context"] == 8192
    assert (known["cost"]["input"], known["cost"]["output"]) == (1, 3)
    assert known["capabilities"]["input"]["image"] is True


def test_it_has_opencode_know_that_a_model_of_which_little_is_known_takes_text(
    served: RunningServer, home: Path
) -> None:
    said = opencode(served, home, "models", "groq", "--verbose")
    _, _, after = said.partition("groq/acme/two:latest\n")
    known = msgspec.json.decode(after)
    assert known["capabilities"]["input"]["text"] is True
    assert known["capabilities"]["input"]["image"] is False
    assert known["capabilities"]["output"]["text"] is True
    assert known["release_date"] == ""
