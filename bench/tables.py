"""The rows that Datasette and the plain application serve: every model, as openmodels answers it."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.process import get

PAGE = 100


def every_model(port: int) -> list[dict[str, Any]]:
    """All models in detail, from a running openmodels."""
    ids: list[str] = []
    page = total = 1
    while len(ids) < total:
        answer = json.loads(get(port, f"/api/models?limit={PAGE}&page={page}").body)
        total = answer["pagination"]["total"]
        ids += [model["id"] for model in answer["data"]]
        page += 1
    return [json.loads(get(port, f"/api/models/{id_}").body) for id_ in ids]


def write_database(file: Path, models: Sequence[dict[str, Any]]) -> None:
    """One table, one row a model, with an index for the list's order."""
    columns = list(models[0])
    with sqlite3.connect(file) as connection:
        types = {"open_weights": "BOOLEAN", "context_window": "INTEGER", "max_output_tokens": "INTEGER"}
        declared = ", ".join(f'"{name}" {types.get(name, "TEXT")}' for name in columns if name != "id")
        connection.execute(f'CREATE TABLE models ("id" TEXT PRIMARY KEY, {declared})')
        connection.execute("CREATE INDEX newest ON models (release_date DESC, id)")
        connection.executemany(
            f"INSERT INTO models VALUES ({', '.join('?' * len(columns))})",
            [[_column(model[name]) for name in columns] for model in models],
        )
    connection.close()


def _column(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value
