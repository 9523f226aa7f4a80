"""The snapshot that people open: a copy of the live tables, swapped in by a rename."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.named import literal


def publish(connection: duckdb.DuckDBPyConnection, files: ViewFiles) -> None:
    """Put a copy of what is committed in the place of the snapshot."""
    making = files.folder / "snapshot.duckdb"
    remove(making)
    (live,) = connection.execute("SELECT current_database()").fetchone() or ("live",)
    connection.execute(f"ATTACH {literal(str(making))} AS snapshot")
    try:
        connection.execute(f'COPY FROM DATABASE "{live}" TO snapshot')
    finally:
        connection.execute("DETACH snapshot")
    # What somebody wrote into the older snapshot by mistake would keep everybody from opening the new one.
    log = files.snapshot.with_name(files.snapshot.name + ".wal")
    log.unlink(missing_ok=True)
    os.replace(making, files.snapshot)  # noqa: PTH105
    log.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a DuckDB file and its log."""
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
