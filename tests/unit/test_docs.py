"""The documentation says what the program does: held here, so that it cannot fall behind."""

import re
from pathlib import Path

import msgspec
import pytest
from docs.generate import stale_pages

from fixtures.service import Service
from openmodels.api.app import ENDPOINTS
from openmodels.cli.main import COMMANDS, create_program

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def test_it_has_generated_pages_that_are_up_to_date() -> None:
    assert stale_pages() == [], "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_links_only_to_files_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_it_documents_every_endpoint() -> None:
    reference = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for endpoint in ENDPOINTS:
        assert f"## `GET {endpoint.path}`" in reference


def test_it_names_every_command_in_the_help() -> None:
    program = create_program()
    names = [command.name for command in program.registered_commands]
    names += [group.name for group in program.registered_groups]
    assert set(names) == set(COMMANDS)


def test_it_explains_every_dependency_in_the_decisions() -> None:
    decisions = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = project.split("\ndependencies = [")[1].split("\n]")[0]
    for name in re.findall(r'"([a-z0-9-]+)', listed):
        assert re.search(rf"\|[^|]*\b{name}\b[^|]*\|", decisions), (
            f"{name} has no reason in docs/decisions.md"
        )


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda lock: lock.name)
def test_it_has_locks_that_name_no_machine(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert "file:" not in text
    assert "--hash=sha256:" in text


@pytest.mark.parametrize("folder", ["tests/foreign", "src/openmodels/web/assets", "bench/lighthouse"])
def test_it_has_npm_locks_that_name_no_machine(folder: str) -> None:
    text = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")
    assert "file:" not in text
    (own, *packages) = msgspec.json.decode(text)["packages"].items()
    assert own[0] == ""
    for name, package in packages:
        assert "resolved" not in package, f"{name}: see omit-lockfile-registry-resolved in .npmrc"
        assert package["integrity"].startswith("sha512-")
        # Who wants to be paid for it is all that may have an address.
        assert "://" not in str({key: value for key, value in package.items() if key != "funding"})


@pytest.mark.anyio
async def test_it_shows_in_the_readme_what_it_really_answers(reference_api: Service) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r'^\$ curl -s "http://127\.0\.0\.1:8000(/api/[^"]+)"\n(\{.*\})$', readme, re.MULTILINE)
    assert shown is not None
    assert (await reference_api.get(shown[1])).text == shown[2]
