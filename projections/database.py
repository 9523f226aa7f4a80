"""Opening DuckDB with bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

MEMORY_LIMIT = "128MB"


def connect(
    path: Path, spill: Path, memory_limit: str = MEMORY_LIMIT, read_only: bool = False
) -> duckdb.DuckDBPyConnection:
    """A connection that holds at most so much memory and puts the rest on disk."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": "1",
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
    }
    connection = duckdb.connect(str(path), read_only=read_only, config=config)
    # Else a statement of over two seconds draws a bar on stdout, amid the JSON that somebody reads there.
    connection.execute("SET enable_progress_bar = false")
    return connection


def columns(rows: Sequence[object], names: Iterable[str]) -> dict[str, list[Any]]:
    """The rows turned into one list a column: what a statement with `unnest($name)` takes."""
    return {name: [getattr(row, name) for row in rows] for name in names}
