"""Writes the parts of the documentation that the program knows better than anyone: ``make docs``.

With ``--check`` it writes nothing and fails when a page is stale.
"""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from docs.examples import examples_json
from openmodels.api.app import ENDPOINTS
from openmodels.api.endpoint import JSON
from openmodels.api.openapi import build_openapi
from openmodels.domain.faults import CODES
from openmodels.settings import TABLE

FOLDER = Path(__file__).parent
NOTICE = "<!-- Written by `make docs`; change docs/generate.py or what it reads. -->\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [head, *([["---"] * len(list(head))]), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    )


def settings_page() -> str:
    """Every setting with its variable, flag, default and meaning."""
    rows = [
        (
            f"`{s.variable}`",
            f"`--{s.name.replace('_', '-')}`",
            f"`{s.default}`" if s.default else "",
            s.help + (f" Also read from the file named by `{s.variable}_FILE`." if s.secret else ""),
        )
        for s in TABLE
    ]
    return (
        f"{NOTICE}# Settings\n\nA setting comes from its flag, else from its environment variable, else from "
        "the same variable in `.env` in the working folder, else from its default. A value that cannot be "
        "used stops the start with one line that says what to type.\n\n"
        + table(("variable", "flag of `serve`", "default", "what it is for"), rows)
        + "\n"
    )


def validation_page() -> str:
    """Every code that ``openmodels validate`` reports."""
    rows = [(f"`{code}`", meaning) for code, meaning in CODES.items()]
    return (
        f"{NOTICE}# What validation finds\n\n`openmodels validate` reports every issue of every file. The "
        "codes are stable: programs may rely on them.\n\n" + table(("code", "meaning"), rows) + "\n"
    )


def api_page() -> str:
    """Every endpoint with its parameters and the fields of its answer, then every shape."""
    document = build_openapi(ENDPOINTS, version="")
    parts = [f"{NOTICE}# API reference\n", document["info"]["description"]]
    parts.append(
        "Every answer under `/api/` carries `X-Request-ID`, `X-RateLimit-Limit`, `X-RateLimit-Remaining` and "
        "`X-RateLimit-Reset`; what comes from the registry carries `X-Registry-Revision`, an `ETag` and "
        "`Last-Modified`, and answers 304 when nothing changed. Try it on a running server at `/api/docs`.\n"
    )
    for endpoint in ENDPOINTS:
        operation = document["paths"][endpoint.path]["get"]
        parts.append(f"## `GET {endpoint.path}`\n\n{endpoint.description}\n")
        if operation["parameters"]:
            parts.append(
                table(("parameter", "values", "default", "meaning"), map(_row, operation["parameters"]))
            )
        parts.append(f"\nAnswers {_answered(operation)}. For example: `{endpoint.example}`\n")
    parts.append("## Shapes\n")
    for name, schema in document["components"]["schemas"].items():
        fields = schema.get("properties", {})
        rows = [(f"`{key}`", _type(value), value.get("description", "")) for key, value in fields.items()]
        parts.append(
            f"### {name}\n\n{_plain(schema.get('description', ''))}\n\n"
            + table(("field", "type", "meaning"), rows)
        )
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _answered(operation: dict[str, Any]) -> str:
    ((media_type, content),) = operation["responses"]["200"]["content"].items()
    if "oneOf" in content["schema"]:
        events = [event["properties"] for event in content["schema"]["oneOf"]]
        names = [f"`{e['event']['const']}` with {_type(e['data']['contentSchema'])}" for e in events]
        return f"`{media_type}`; the events are {', '.join(names)}"
    return _type(content["schema"]) if media_type == JSON else f"`{media_type}`"


def _row(parameter: dict[str, Any]) -> tuple[str, str, str, str]:
    schema = parameter["schema"]
    default = f"`{schema['default']}`" if "default" in schema else ""
    return f"`{parameter['name']}`", _type(schema), default, parameter["description"]


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}" if schema.get("items") else "list"
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['type']} from {schema['minimum']} to {schema['maximum']}"
    return str(schema.get("type", json.dumps(schema)))


def _plain(text: str) -> str:
    return text.replace("``", "`")


PAGES: dict[Path, Callable[[], str]] = {
    FOLDER / "settings.md": settings_page,
    FOLDER / "validation.md": validation_page,
    FOLDER / "api.md": api_page,
    FOLDER.parent / "src/openmodels/api/static/examples.json": examples_json,
}


def stale_pages() -> list[str]:
    """The names of the pages that are not what they should be."""
    return [
        str(page.relative_to(FOLDER.parent))
        for page, make in PAGES.items()
        if not page.is_file() or page.read_text(encoding="utf-8") != make()
    ]


def main() -> None:
    """Write the pages, or check them."""
    if "--check" in sys.argv[1:]:
        stale = stale_pages()
        sys.exit(f"stale: {', '.join(stale)}; run `make docs`" if stale else 0)
    for page, make in PAGES.items():
        page.write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
