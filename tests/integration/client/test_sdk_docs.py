"""The examples of docs/sdk.md, run against a real server, and what else the page says."""

import asyncio
import inspect
import re
from collections.abc import Iterator
from datetime import timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from contract.builders import check
from fixtures.service import NOW, Service, start_service
from fixtures.site import Site, running_site
from openmodels.registry.load import require_registry
from openmodels_client import OpenModels, Retry, errors
from openmodels_client.remembering import MOST_BYTES as MOST_REMEMBERED
from openmodels_client.sending import MOST_BYTES
from openmodels_client.telemetry import Telemetry

ROOT = Path(__file__).parents[3]
PAGE = ROOT.joinpath("docs", "sdk.md").read_text(encoding="utf-8")
README = ROOT.joinpath("packages", "client", "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def documented(bundled: Path) -> Iterator[Site]:
    """The bundled registry, of which something is recorded whenever somebody follows."""

    async def keep_recording(service: Service) -> None:
        hub, number = service.hub, 0
        assert hub is not None
        while True:
            await asyncio.sleep(0.005)
            if hub.clients:
                number += 1
                await service.record([check("deepseek", NOW + timedelta(milliseconds=number))])

    recording: list[asyncio.Task[None]] = []

    async def start() -> Service:
        service = await start_service(require_registry(bundled))
        recording.append(asyncio.create_task(keep_recording(service)))
        return service

    with running_site(start) as site:
        yield site


def title_of(example: str) -> str:
    return str(re.findall(r"^#+ (.*)$", PAGE[: PAGE.index(example)], re.MULTILINE)[-1])


@pytest.mark.parametrize("example", EXAMPLES, ids=title_of)
def test_its_examples_run(
    documented: Site, example: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENMODELS_API_URL", documented.url)
    exec(compile(example, "docs/sdk.md", "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr().out
    assert printed
    for said in re.findall(r"print\(.*\)  # (.*)$", example, re.MULTILINE):
        assert said in printed.splitlines()


def test_the_readmes_example_runs(documented: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    exec(example.replace("http://127.0.0.1:8000", documented.url), {})
    assert len(capsys.readouterr().out.splitlines()) > 20


def test_it_has_every_method() -> None:
    (table,) = re.findall(r"^\| method .*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    listed = set(re.findall(r"`([\w.]+)\(", table))
    telemetry = {f"telemetry{name}" for name in listed if name.startswith(".")}
    listed = {name for name in listed if not name.startswith(".")} | telemetry
    with OpenModels("http://127.0.0.1:1") as client:
        there = {name for name in public(client) if name not in {"ask", "close"}}
        for part in ("models", "providers", "telemetry"):
            there |= {f"{part}.{name}" for name in public(attrgetter(part)(client))}
    assert listed == there


def public(thing: Any) -> list[str]:
    return [name for name, _ in inspect.getmembers(thing, inspect.ismethod) if not name.startswith("_")]


def test_it_has_every_error() -> None:
    kinds = inspect.getmembers(errors, lambda one: inspect.isclass(one) and issubclass(one, Exception))
    for name, _ in kinds:
        assert f"\n| `{name}` |" in PAGE, name


def test_it_says_how_long_and_how_much() -> None:
    retry = Retry()
    assert (retry.times, retry.first_wait, retry.longest_wait) == (3, 0.5, 60)
    defaults = inspect.signature(OpenModels).parameters
    assert (defaults["timeout"].default, defaults["remember"].default) == (10, 128)
    assert (MOST_BYTES, MOST_REMEMBERED) == (64 * 2**20, 16 * 2**20)
    assert inspect.signature(Telemetry.stream).parameters["silence"].default == 60
