"""How the tests find the Chromium that they look at pages with."""

from pathlib import Path

import pytest

from fixtures.chromium import find_chromium


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("variable", ["CHROMIUM", "CHROME_PATH"])
def test_the_one_that_is_named_is_taken(tmp_path: Path, variable: str) -> None:
    named = program(tmp_path, "mine")
    program(tmp_path, "chromium")
    assert find_chromium({variable: str(named), "PATH": str(tmp_path)}) == named


def test_one_that_is_named_and_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no program.*apt-get install chromium"):
        find_chromium({"CHROMIUM": str(tmp_path / "nothing"), "PATH": str(tmp_path)})


def test_one_on_the_path_is_found_first_the_one_without_a_window(tmp_path: Path) -> None:
    program(tmp_path, "chromium")
    found = program(tmp_path, "chromium-headless-shell")
    assert find_chromium({"PATH": str(tmp_path)}) == found
