"""Makes the client without asyncio from the one with it: ``python packages/client/unasync.py [--check]``.

Of each ``async_X.py`` it makes ``X.py``.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parent / "src" / "openmodels_client"
WORDS = (
    ("The client for asyncio.", "The client without asyncio."),
    ("are asked with asyncio", "are asked without asyncio"),
    ("from asyncio import timeout as within", "from contextlib import nullcontext as within"),
    ("import asyncio", "import time"),
    ("asyncio.sleep", "time.sleep"),
    ("openmodels_client.async_", "openmodels_client."),
    ("asynccontextmanager", "contextmanager"),
    ("httpx2.AsyncClient", "httpx2.Client"),
    ("__aenter__", "__enter__"),
    ("__aexit__", "__exit__"),
    ("__aiter__", "__iter__"),
    ("__anext__", "__next__"),
    ("aclose", "close"),
    ("aiter_bytes", "iter_bytes"),
)
PATTERNS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (
        r"``(\w+)\.py`` is made from this file by ``unasync\.py``",
        r"``unasync.py`` made this file from ``async_\1.py``",
    ),
    (r"from collections\.abc import (.*)", lambda found: f"from collections.abc import {_names(found[1])}"),
    (r"Awaitable\[((?:[^\[\]]|\[[^\[\]]*\])+)\]", r"\1"),
    (r"AsyncGenerator\[(\w+), None\]", r"Generator[\1, None, None]"),
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAsync(?=[A-Z])", ""),
)


def _names(imported: str) -> str:
    names = (name.strip().removeprefix("Async") for name in imported.split(","))
    return ", ".join(sorted(name for name in names if name != "Awaitable"))


def without_asyncio(text: str) -> str:
    """The text of a module of the client, to be used without asyncio."""
    for old, word in WORDS:
        text = text.replace(old, word)
    for pattern, new in PATTERNS:
        text = re.sub(pattern, new, text)
    return text


def main() -> None:
    """Write the files or, with ``--check``, exit 1 when one of them is not what it would be."""
    stale = []
    for source in sorted(FOLDER.glob("async_*.py")):
        made = source.with_name(source.name.removeprefix("async_"))
        text = without_asyncio(source.read_text(encoding="utf-8"))
        if not made.exists() or made.read_text(encoding="utf-8") != text:
            stale.append(made.name)
            if "--check" not in sys.argv:
                made.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"{', '.join(stale)}: run `python packages/client/unasync.py`")


if __name__ == "__main__":
    main()
