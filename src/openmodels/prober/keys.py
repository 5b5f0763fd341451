"""Where the providers' keys come from: the environment, or files that it names, read whenever one is used.

So a key that was changed in its file holds from the next probe on, and none is kept meanwhile.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from openmodels.prober.target import Key
from openmodels.settings import PREFIX

MAX_KEY_BYTES = 16_384
"""The longest key that is read; service accounts come with ones of a few thousand bytes."""
_KEY = re.compile(r"[\x21-\x7e]+")


class Found(Struct, frozen=True, kw_only=True):
    """What a search for a key found: a key, or why there is none."""

    key: Key | None = None
    """The key."""
    variable: str | None = None
    """The environment variable that gave it, or that was meant to."""
    problem: str = ""
    """What to do to have one, for people; empty where there is one. Nothing of a key is in it."""


class KeySource(Protocol):
    """Gives keys by the names of their environment variables."""

    def find(self, names: Sequence[str]) -> Found:
        """The key in the first of these variables that is set."""
        ...


class EnvironmentKeys:
    """Keys from environment variables: ``NAME``, or the file that ``NAME_FILE`` names.

    The first variable of a provider that is set counts, even where what it gives is no key: to go on to the
    next would hide the mistake. The settings' own variables are never given away, whatever a registry's file
    says; among them are the secrets of this program.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def find(self, names: Sequence[str]) -> Found:
        """The key in the first of these variables that is set."""
        names = [name for name in names if not name.upper().startswith(PREFIX)]
        for name in names:
            if self._environ.get(name):
                return _checked(self._environ[name], name)
            file_variable = f"{name}_FILE"
            if self._environ.get(file_variable):
                return _from_file(self._environ[file_variable], file_variable)
        if not names:
            return Found(problem="its file names no variable for its key: add env")
        return Found(problem=f"set {' or '.join(names)}")


class FixedKeys:
    """One key for every provider, such as the demonstration's servers take; without it, no key at all."""

    def __init__(self, key: Key | None = None) -> None:
        self._key = key

    def find(self, names: Sequence[str]) -> Found:  # noqa: ARG002 - the interface's
        """The key, whatever the names."""
        return Found(key=self._key) if self._key else Found(problem="keys are not used here")


def _from_file(path: str, variable: str) -> Found:
    try:
        file = Path(path).expanduser()
        # A pipe or a device could keep everybody waiting.
        if not file.is_file():
            return Found(variable=variable, problem=f"{variable} names a file that is not there")
        with file.open("rb") as opened:
            text = opened.read(MAX_KEY_BYTES + 1).decode("utf-8")
    except (OSError, ValueError, RuntimeError):
        return Found(variable=variable, problem=f"{variable} names a file that cannot be read")
    return _checked(text, variable)


def _checked(text: str, variable: str) -> Found:
    key = text.strip()
    where = "its file" if variable.endswith("_FILE") else "it"
    if not key:
        return Found(variable=variable, problem=f"{variable} gives no key: {where} is blank")
    if len(key) > MAX_KEY_BYTES or not _KEY.fullmatch(key):
        reason = "look for a line break, a blank, or a letter that is not ASCII"
        return Found(variable=variable, problem=f"{variable} gives what no key looks like: {reason}")
    return Found(variable=variable, key=Key(key))
