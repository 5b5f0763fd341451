"""The SDK's types as pyright sees them. mypy, which looks at all tests, sees the same programs."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from foreign.process import HERE, MODULES, require_node

TYPED = HERE / "typed"
SECONDS = 120.0
"""A bound for one run, which takes about two."""


def pyright(*arguments: str | Path) -> str:
    """What pyright says as JSON. It sees what this Python does: it looks for one by the path."""
    node = require_node("pyright")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
    done = subprocess.run(
        [node, MODULES / "pyright" / "index.js", "--outputjson", *arguments],
        cwd=TYPED,
        env={"PATH": path, "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return done.stdout


def faults(said: str) -> dict[str, dict[int, str]]:
    """By file and line: what pyright found."""
    found: dict[str, dict[int, str]] = {"used.py": {}, "misused.py": {}}
    for one in msgspec.json.decode(said)["generalDiagnostics"]:
        line = one["range"]["start"]["line"] + 1
        found[Path(one["file"]).name][line] = one["message"]
    return found


def wrong_lines() -> set[int]:
    lines = (TYPED / "misused.py").read_text(encoding="utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if "# type: ignore" in line}


def test_pyright_knows_every_type() -> None:
    said = msgspec.json.decode(pyright("--verifytypes", "openmodels_client", "--ignoreexternal"))
    found = said["typeCompleteness"]
    incomplete = [symbol["name"] for symbol in found["symbols"] if not symbol["isTypeKnown"]]
    assert incomplete == []
    assert found["completenessScore"] == 1
    assert found["exportedSymbolCounts"]["withKnownType"] > 1000
    assert found["missingFunctionDocStringCount"] == found["missingClassDocStringCount"] == 0
    assert said["summary"]["errorCount"] == 0


def test_pyright_finds_fault_with_wrong_uses_alone() -> None:
    # strict.json is its settings.
    found = faults(pyright("--project", TYPED / "strict.json"))
    assert found["used.py"] == {}
    assert set(found["misused.py"]) == wrong_lines()
