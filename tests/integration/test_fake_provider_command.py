"""``openmodels fake-provider``, run as people run it, and its page of the documentation."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import get_args

import httpx2
import pytest
from typer.testing import CliRunner

from fixtures.fake_client import REQUESTS
from fixtures.server import environment, run_program
from openmodels.cli.main import create_program
from openmodels.errors import SettingsError
from openmodels.fake.behaviour import Fault
from openmodels.fake.fields import behaviour_fields
from openmodels.fake.styles.table import STYLES


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_as_a_command_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-Werror", "-m", "openmodels", "fake-provider", "--port", "0"]
    flags = ["--ttft-ms", "1", "--faults", "status_503,quota", "--fails", "completions"]
    with subprocess.Popen(
        [*command, *flags], cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line.startswith("Ctrl-C"):
                    break
            for style in STYLES:
                assert any(line.split()[0] == style for line in lines)
            base = lines[1].split()[1].replace("PERSONA", "p")
            with httpx2.Client(trust_env=False) as client:
                assert client.get(f"{base}/models").status_code == 200
                asked = client.post(f"{base}/chat/completions", json=REQUESTS["openai-chat"][1])
                assert asked.status_code in {503, 429}
            process.send_signal(number)
            assert process.wait(timeout=20) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_it_says_in_one_line_that_its_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run_program(tmp_path, "fake-provider", "--port", str(port))
    (line,) = result.stderr.splitlines()
    assert line == (
        f"openmodels: port {port} is taken: stop what uses it, or give another with --port (0: any)"
    )
    assert result.returncode == 2
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--host", "192.0.2.1"], "give an address of this machine with --host"),
        (["--ttft-ms", "soon"], "--ttft-ms must be a number from 0 to 3600000, not 'soon'"),
        (["--faults", "bang"], "--faults must be a list of status_400"),
        (["--tls-cert", "a.pem"], "--tls-cert and --tls-key go together"),
        (["--tls-cert", "a.pem", "--tls-key", "b.pem"], "cannot be read: No such file"),
    ],
)
def test_it_says_what_to_type_instead(flags: list[str], expected: str) -> None:
    result = CliRunner().invoke(create_program("fake-provider"), ["fake-provider", "--port", "0", *flags])
    assert isinstance(result.exception, SettingsError)
    assert expected in str(result.exception)
    assert result.output == ""


def test_it_documents_every_field_and_every_fault() -> None:
    page = (Path(__file__).parents[2] / "docs" / "fake-provider.md").read_text(encoding="utf-8")
    for field in behaviour_fields():
        assert f"| `{field.name}` |" in page
    for fault in get_args(Fault):
        assert re.search(rf"^\|[^|]*`{fault}`", page, re.MULTILINE), fault
