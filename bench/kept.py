"""Where the results of each kind of run are kept: one file a day, the newest of which the page shows."""

from pathlib import Path
from typing import TypeVar

import msgspec

FOLDER = Path(__file__).parent / "results"
R = TypeVar("R", bound=msgspec.Struct)


def newest(kind: str, type_: type[R]) -> R | None:
    """The results of the last run of that kind, if there was one."""
    file = max((FOLDER / kind).glob("*.json"), default=None)
    return None if file is None else msgspec.json.decode(file.read_bytes(), type=type_)


def keep(kind: str, date: str, results: msgspec.Struct) -> Path:
    """Write results to where ``newest`` finds them."""
    file = FOLDER / kind / f"{date}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    return file
