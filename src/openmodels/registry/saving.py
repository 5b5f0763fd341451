"""Saves what is made part by part: whole, or not at all."""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import IO


def save(file: Path, parts: Iterable[bytes]) -> int:
    """Write the parts to ``file`` by way of another file beside it, and give back how many bytes they are.

    Who reads the file meanwhile reads what was there before. A link is followed; a device or a pipe is
    written to as it is. Raises ``OSError``, after which what was there is untouched.
    """
    target = file.resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as opened:
            return _write(opened, parts)
    beside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    try:
        with beside.open("xb") as opened:
            size = _write(opened, parts)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return size


def _write(opened: IO[bytes], parts: Iterable[bytes]) -> int:
    return sum(opened.write(part) for part in parts)
