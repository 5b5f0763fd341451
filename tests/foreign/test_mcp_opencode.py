"""The snippet of docs/mcp.md for opencode, taken up by opencode."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.site import Site, running_site
from foreign.test_export_opencode import SECONDS, binary

PAGE = Path(__file__).parents[2].joinpath("docs", "mcp.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(
    not binary().exists(), reason=f"opencode did not install for this machine: {binary()} is not there"
)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running


def test_it_connects_by_both_doors(site: Site, tmp_path: Path) -> None:
    found = re.search(r"^`opencode.json`:\n\n```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    told = json.loads(found[1].replace("http://127.0.0.1:8000", site.url))
    program = told["mcp"]["openmodels-program"]
    program["command"] = [sys.executable, "-m", *program["command"], "--api-url", site.url]
    (tmp_path / "opencode.json").write_text(json.dumps(told))
    env = {"PATH": os.defpath, "HOME": str(tmp_path), "OPENCODE_DISABLE_AUTOUPDATE": "true"}
    env |= {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "CACHE", "STATE")}
    env |= {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "OPENCODE_DISABLE_MODELS_FETCH": "true",
    }
    done = subprocess.run(
        [binary(), "mcp", "list"],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    assert re.search(r"✓ openmodels\s+connected", said), said
    assert re.search(r"✓ openmodels-program\s+connected", said), said
