"""Opening the views to read: whoever asks after a crash gets them caught up first.

A reader works on a copy of its own of the snapshot, so that it holds no lock that anybody else would meet,
and meets none that somebody holds who opened the snapshot to write.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import duckdb

from bulkdelete.domain.errors import UnavailableError, ViewsError
from bulkdelete.projections.database import MEMORY_LIMIT, connect
from bulkdelete.projections.layout import FORMAT, ViewFiles
from bulkdelete.projections.named import statements
from bulkdelete.projections.parts import are_there
from bulkdelete.projections.reads import Reads
from bulkdelete.projections.source import EventSource, source_of

if TYPE_CHECKING:
    from bulkdelete.domain.application import BulkDeletes

logger = logging.getLogger(__name__)

BLINK = 0.05
MOST_PATIENCE = 10.0
"""Seconds that a reader waits where the writer has published nothing that can be read."""


@contextmanager
def open_views(
    files: ViewFiles, application: BulkDeletes | None, patience: float = 1.0, memory_limit: str = MEMORY_LIMIT
) -> Iterator[Reads]:
    """The views, caught up; where another process writes them, as it published them, at most `patience` late.

    Without an event store they are read as they are.
    """
    with views_of(files, source_of(application), patience, memory_limit) as reads:
        yield reads


@contextmanager
def views_of(
    files: ViewFiles, source: EventSource | None, patience: float = 1.0, memory_limit: str = MEMORY_LIMIT
) -> Iterator[Reads]:
    """The same of an event store that is opened only where the views are behind it."""
    with tempfile.TemporaryDirectory(prefix="bulkdelete-views-", ignore_cleanup_errors=True) as private:
        connection = opened(files, source, Path(private), patience, memory_limit)
        try:
            yield Reads(connection, source)
        finally:
            connection.close()


def opened(
    files: ViewFiles, source: EventSource | None, private: Path, patience: float, memory_limit: str
) -> duckdb.DuckDBPyConnection:
    """A connection to a copy of a snapshot that is good enough."""
    copy = copied(files, private, memory_limit)
    if source is None:
        if copy is None:
            raise ViewsError(f"there is no event store, and the views {files.snapshot} cannot be read")
        return copy.connection
    wanted = source.end()
    if copy is not None and copy.position >= wanted:
        return copy.connection
    wrote = caught_up(files, source.application(), memory_limit)
    began = time.monotonic()
    while True:
        if copy is not None:
            copy.connection.close()
        copy = copied(files, private, memory_limit)
        waited = time.monotonic() - began
        if copy is not None and (wrote or copy.is_fed_by_kafka or copy.position >= wanted or waited >= patience):
            return copy.connection
        if waited >= MOST_PATIENCE:
            raise ViewsError(f"another process writes the views {files.snapshot} and has published none")
        time.sleep(BLINK)


def caught_up(files: ViewFiles, application: BulkDeletes, memory_limit: str) -> bool:
    """Catch the views up and publish them; False where another process writes, or this one may not."""
    # Only here: what reads events takes a while to load, and most questions find the views up to date.
    from bulkdelete.projections.keeper import ViewKeeper  # noqa: PLC0415

    try:
        with ViewKeeper(files, application, memory_limit) as keeper:
            return keeper.catch_up()
    except (PermissionError, UnavailableError) as error:
        logger.info("The views are read as they are: %s", error)
        return False


@dataclass(frozen=True)
class Copy:
    """A copy of the snapshot, open."""

    connection: duckdb.DuckDBPyConnection
    position: int
    """The last event of the event store's log that it holds."""
    is_fed_by_kafka: bool


def copied(files: ViewFiles, private: Path, memory_limit: str) -> Copy | None:
    """A copy of the snapshot; None where it is missing, broken, or names files that are not there."""
    path = private / f"{uuid4().hex}.duckdb"
    try:
        shutil.copyfile(files.snapshot, path)
        connection = connect(path, private, memory_limit, read_only=True)
    except (FileNotFoundError, duckdb.Error):
        return None
    try:
        about = connection.execute(statements("reads.sql")["about"]).fetchone()
        if about is not None and about[:2] == (FORMAT, str(files.folder)) and are_there(connection, files.parts):
            return Copy(connection, about[2] or 0, about[3])
    except duckdb.Error:
        pass
    connection.close()
    return None
