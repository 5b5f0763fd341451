"""What the workflows may do, and what the comment that one of them writes is made of."""

import importlib.util
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def script() -> Any:
    path = ROOT / ".github" / "scripts" / "registry_comment.py"
    spec = importlib.util.spec_from_file_location("registry_comment", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


COMMENT = script()


def workflow(path: Path) -> dict[str, Any]:
    # YAML 1.1 takes the key `on` for true.
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in document.items()}


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in workflow(path)["jobs"].values():
        yield from job["steps"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_right_that_it_does_not_name(path: Path) -> None:
    assert workflow(path)["permissions"] == {}
    allowed = {"contents": "read"}
    if path.name == "registry-comment.yml":
        allowed |= {"actions": "read", "pull-requests": "write"}
    for job in workflow(path)["jobs"].values():
        assert job["permissions"] == allowed
        assert 0 < job["timeout-minutes"] <= 60
    assert workflow(path)["concurrency"]["group"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_text_of_an_event_becomes_part_of_a_script(path: Path) -> None:
    for step in steps(path):
        assert "${{" not in step.get("run", "")
        assert "${{" not in step.get("shell", "")
        assert "github-script" not in step.get("uses", "")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_keeps_no_token_in_what_it_checks_out(path: Path) -> None:
    assert "pull_request_target" not in workflow(path)["on"]
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        assert re.fullmatch(r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})", step.get("uses", "actions/none@v1"))


def test_who_checks_a_pull_request_has_no_secret_and_runs_nothing_of_it() -> None:
    path = ROOT / ".github" / "workflows" / "registry.yml"
    assert list(workflow(path)["on"]) == ["pull_request"]
    text = path.read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "github.token" not in text
    base, change = (step["with"] for step in steps(path) if "checkout" in step.get("uses", ""))
    assert (base["path"], base["ref"]) == ("base", "${{ github.event.pull_request.base.sha }}")
    # Only data: neither a program nor an .env is there to be picked up.
    assert (change["path"], change["sparse-checkout"].strip()) == ("change", "/registry/")
    assert change["sparse-checkout-cone-mode"] is False
    commands = "\n".join(step.get("run", "") for step in steps(path))
    assert "change" not in re.sub(r"#.*", "", commands)


def test_who_may_write_runs_nothing_but_the_default_branchs_script() -> None:
    path = ROOT / ".github" / "workflows" / "registry-comment.yml"
    assert list(workflow(path)["on"]) == ["workflow_run"]
    (checkout,) = (step["with"] for step in steps(path) if "checkout" in step.get("uses", ""))
    assert "ref" not in checkout
    assert "repository" not in checkout
    commands = [step["run"] for step in steps(path) if "run" in step]
    assert commands == ["python3 -I .github/scripts/registry_comment.py report"]


def test_the_check_is_what_the_comment_waits_for() -> None:
    check = workflow(ROOT / ".github" / "workflows" / "registry.yml")
    comment = workflow(ROOT / ".github" / "workflows" / "registry-comment.yml")
    assert comment["on"]["workflow_run"]["workflows"] == [check["name"]]


def test_the_check_uses_commands_and_options_that_exist() -> None:
    text = "\n".join(step.get("run", "") for step in steps(ROOT / ".github" / "workflows" / "registry.yml"))
    used = set(re.findall(r"openmodels (\w+)", text)) | set(
        re.findall(r"--(?:format|registry|baseline)", text)
    )
    assert used == {"validate", "audit", "--format", "--registry", "--baseline"}


HOSTILE = "@everyone <!-- x --> ``` \n~~~\n# big\n[x](https://e.example) #1 \x1b[31m\u202e\r</details>\u2028x"


def fenced(block: str) -> str:
    """The text within a block of code, as CommonMark reads it; nothing may come after it."""
    first, *lines = block.split("\n")
    opened = re.fullmatch(r"(`{3,})text", first)
    assert opened is not None
    closing = [n for n, line in enumerate(lines) if re.fullmatch(rf" {{0,3}}`{{{len(opened[1])},}} *", line)]
    assert closing == [len(lines) - 1]
    return "\n".join(lines[:-1])


@settings(deadline=None)
@given(st.text() | st.just(HOSTILE) | st.text(alphabet="`~ \n\r").map(lambda text: text * 3))
def test_nothing_gets_out_of_the_block_of_code(text: str) -> None:
    inner = fenced(COMMENT.shown(text))
    assert all(line.isprintable() for line in inner.split("\n"))


@pytest.mark.parametrize("text", ["x" * 10**6, "x\n" * 10**5, "`" * 10**5, "\n" * 10**5])
def test_a_comment_is_never_longer_than_github_takes(tmp_path: Path, text: str) -> None:
    for name in ("validate.txt", "audit.txt"):
        (tmp_path / name).write_text(text)
    written = COMMENT.body(tmp_path, "failure")
    assert len(written) < 65_536
    assert written.startswith(COMMENT.MARKER)
    assert "more lines" in written or "…" in written or "(nothing)" in written


def test_it_reads_nothing_but_the_reports(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "validate.txt").symlink_to(tmp_path / "secret")
    (tmp_path / "audit.txt").mkdir()
    (tmp_path / "more.txt").write_text("more")
    written = COMMENT.body(tmp_path, "success")
    assert "secret" not in written
    assert "left no report" in written
    (tmp_path / "validate.txt").unlink()
    (tmp_path / "validate.txt").write_bytes(b"valid: \xff 3 files\n")
    assert "valid: \ufffd 3 files" in COMMENT.body(tmp_path, "success")


def test_it_says_so_when_there_was_no_audit(tmp_path: Path) -> None:
    (tmp_path / "validate.txt").write_text("invalid: 1 issue\n")
    written = COMMENT.body(tmp_path, "failure")
    _, _, validation, block, audit, why = written.rstrip("\n").split("\n\n")
    assert (validation, audit) == ("**Validation**", f"**{COMMENT.PARTS[1][1]}**")
    assert "invalid: 1 issue" in block
    assert "what is not valid is not audited" in why


class Forge:
    """As much of GitHub as the script asks."""

    def __init__(self) -> None:
        self.comments: dict[int, list[dict[str, Any]]] = {7: []}
        self.pulls = [{"number": 7, "head": {"sha": "abc"}}, {"number": 8, "head": {"sha": "def"}}]
        self.files: list[dict[str, str]] = [{"filename": "registry/models/m.yaml"}]
        self.asked: list[str] = []

    def answer(self, method: str, path: str, content: Any) -> Any:
        self.asked.append(f"{method} {path}")
        name, _, query = path.partition("?")
        if name == "/repos/o/r/pulls":
            assert query == "state=open&head=stranger%3Afix%26x&per_page=100"
            return self.pulls
        if name == "/repos/o/r/pulls/7/files":
            page = int(query.rpartition("=")[2])
            return self.files[100 * page - 100 : 100 * page]
        commented = re.fullmatch(r"/repos/o/r/issues/(\d+)/comments", name)
        if commented:
            comments = self.comments[int(commented[1])]
            if method == "POST":
                comments.append({"id": 900, "user": {"login": COMMENT.AUTHOR}, **content})
                return {}
            page = int(query.rpartition("=")[2])
            return comments[100 * page - 100 : 100 * page]
        number = int(name.removeprefix("/repos/o/r/issues/comments/"))
        assert method == "PATCH"
        (comment,) = (c for comments in self.comments.values() for c in comments if c["id"] == number)
        comment.update(content)
        return {}


@pytest.fixture
def forge() -> Iterator[tuple[Forge, dict[str, str]]]:
    it = Forge()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            assert self.headers["Authorization"] == "Bearer t0ken"
            length = int(self.headers.get("Content-Length") or 0)
            content = json.loads(self.rfile.read(length)) if length else None
            answered = json.dumps(it.answer(self.command, self.path, content)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answered)))
            self.end_headers()
            self.wfile.write(answered)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815  # as the base class calls them

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield (
            it,
            {
                "GITHUB_API_URL": f"http://127.0.0.1:{server.server_address[1]}",
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_TOKEN": "t0ken",
                "CONCLUSION": "success",
                "HEAD_OWNER": "stranger",
                "HEAD_BRANCH": "fix&x",
                "HEAD_SHA": "abc",
            },
        )
        server.shutdown()
        thread.join()


def test_it_writes_one_comment_and_keeps_it_up_to_date(
    forge: tuple[Forge, dict[str, str]], tmp_path: Path
) -> None:
    github, environ = forge
    planted = {"id": 1, "user": {"login": "stranger"}, "body": COMMENT.MARKER}
    github.comments[7] = [planted | {"id": number} for number in range(1, 150)]
    (tmp_path / "validate.txt").write_text("first")
    assert COMMENT.main([str(tmp_path)], environ) == 0
    (tmp_path / "validate.txt").write_text("second")
    assert COMMENT.main([str(tmp_path)], environ | {"CONCLUSION": "failure"}) == 0
    *others, ours = github.comments[7]
    assert len(others) == 149
    assert all(comment["body"] == COMMENT.MARKER for comment in others)
    assert "second" in ours["body"]
    assert "not valid" in ours["body"]
    assert not any("/issues/8" in asked for asked in github.asked)


REGISTRY_FILE = {"filename": "registry/.github/x.yaml"}


@pytest.mark.parametrize(
    ("files", "warned"),
    [
        ([REGISTRY_FILE] * 250, False),
        ([REGISTRY_FILE] * 150 + [{"filename": ".github/workflows/registry.yml"}], True),
        ([REGISTRY_FILE | {"previous_filename": ".github/scripts/registry_comment.py"}], True),
        ([REGISTRY_FILE] * 3_000, True),
    ],
)
def test_it_says_when_a_pull_request_may_have_made_its_own_check(
    forge: tuple[Forge, dict[str, str]], tmp_path: Path, files: list[dict[str, str]], warned: bool
) -> None:
    github, environ = forge
    github.files = files
    (tmp_path / "validate.txt").write_text("valid")
    assert COMMENT.main([str(tmp_path)], environ) == 0
    (comment,) = github.comments[7]
    assert (COMMENT.WARNING in comment["body"]) is warned


def test_it_writes_nothing_when_the_pull_request_moved_on(
    forge: tuple[Forge, dict[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github, environ = forge
    assert COMMENT.main([str(tmp_path)], environ | {"HEAD_SHA": "old"}) == 0
    assert github.asked == ["GET /repos/o/r/pulls?state=open&head=stranger%3Afix%26x&per_page=100"]
    assert "no open pull request" in capsys.readouterr().out


def test_it_fails_when_github_does(tmp_path: Path, forge: tuple[Forge, dict[str, str]]) -> None:
    _, environ = forge
    nobody = environ | {"GITHUB_API_URL": "http://127.0.0.1:1"}
    assert COMMENT.main([str(tmp_path)], nobody) == 1
