"""YAML's own errors, said so that somebody who rarely writes YAML can act on them."""

import yaml

from openmodels.domain.faults import Fault, visible
from openmodels.registry.issues import START, Place, PlacedFault

# What the parser complains of (C and Python wording), and what a person most likely did.
_HINTS = (
    (
        "mapping values are not allowed",
        'put a value that contains ": " in quotes, and indent with two spaces',
    ),
    ("could not find expected ':'", "write `key: value`, with a space after the colon"),
    (
        "did not find expected key",
        "indent keys of one mapping alike; put a value that has quotes within in quotes",
    ),
    (
        "expected <block end>",
        "indent keys of one mapping alike; put a value that has quotes within in quotes",
    ),
    ("did not find expected '-' indicator", "begin each item of the list with `- `, all indented alike"),
    ("did not find expected ',' or", "close the bracket, and separate items by commas"),
    ("expected ',' or", "close the bracket, and separate items by commas"),
    ("unexpected end of stream", "close the quote"),
    ("cannot start any token", "put a value that begins with such a character in quotes"),
    ("escape", "write a backslash in double quotes twice, or use single quotes"),
)


def explain(error: Exception, text: str) -> PlacedFault:
    """The fault that the YAML parser's ``error`` tells of, where it stands in ``text``."""
    problem, place = _problem(error)
    if _character(text, place) == "\t":
        return PlacedFault(
            Fault("yaml-tab", (), "a tab", "spaces", "indent with two spaces for each level"), place
        )
    hint = next((hint for clue, hint in _HINTS if clue in problem), None)
    return PlacedFault(Fault("yaml-syntax", (), _found(problem), "well-formed YAML", hint), place)


def _problem(error: Exception) -> tuple[str, Place]:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else START
        return str(error.problem or error.context or "an error"), place
    return str(error), START


def _found(problem: str) -> str:
    line = visible(problem.splitlines()[0] if problem else "an error")
    return f"an error: {line[:200]}"


def _character(text: str, place: Place) -> str:
    lines = text.splitlines()
    line = lines[place[0] - 1] if place[0] <= len(lines) else ""
    return line[place[1] - 1 : place[1]]
