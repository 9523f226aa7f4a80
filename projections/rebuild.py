"""Rebuild: the views anew from the log alone, made aside and swapped in whole."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from uuid import UUID

import duckdb
from filelock import FileLock, Timeout

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import UnavailableError, ViewsError
from bulkdelete.projections.database import MEMORY_LIMIT
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.log import read_log
from bulkdelete.projections.named import literal
from bulkdelete.projections.projector import Projector
from bulkdelete.projections.recorded import LOG, RecordedEvent
from bulkdelete.projections.snapshot import publish, remove

logger = logging.getLogger(__name__)


def rebuild(
    files: ViewFiles,
    application: BulkDeletes | None = None,
    events: Iterable[RecordedEvent] | None = None,
    memory_limit: str = MEMORY_LIMIT,
) -> int:
    """Make the views anew from the event store, or from these events alone; how many events there were.

    Raises UnavailableError while another process writes the views, and ViewsError where a stream does not begin
    at version 1 or has a hole.
    """
    files.make()
    lock = FileLock(files.lock)
    try:
        lock.acquire(timeout=1.0)
    except Timeout:
        raise UnavailableError(f"another process writes the views {files.snapshot}; stop it first") from None
    with lock:
        making = files.folder / "rebuilding.duckdb"
        remove(making)
        projector = Projector(files, none_are_missing, memory_limit, live=making)
        try:
            count = projector.record(all_events(application, events))
            keep_what_the_log_does_not_hold(projector, files)
            projector.parts.retire_others()
        finally:
            projector.close()
        remove(files.live)
        os.replace(making, files.live)  # noqa: PTH105
        swapped = Projector(files, none_are_missing, memory_limit)
        try:
            publish(swapped.connection, files)
        finally:
            swapped.close()
        return count


def all_events(application: BulkDeletes | None, events: Iterable[RecordedEvent] | None) -> Iterable[RecordedEvent]:
    """The given events, or all that the event store holds."""
    if events is not None:
        return events
    if application is None:
        raise ViewsError("neither an event store nor events to rebuild the views from")
    return (event for section in read_log(application, 0) for event in section)


def none_are_missing(stream_id: UUID, after: int, until: int) -> Iterable[RecordedEvent]:
    """A log that is whole has no holes: finding one is an error."""
    raise ViewsError(
        f"the log is not whole: of stream {stream_id} the versions {after + 1} to {until} are missing"
        + ("; it does not begin at version 1: rebuild from the event store" if after == 0 else "")
    )


def keep_what_the_log_does_not_hold(projector: Projector, files: ViewFiles) -> None:
    """Take over the rejections and, so that Kafka need not be read again, how far it was read."""
    if not files.live.exists():
        return
    connection = projector.connection
    try:
        connection.execute(f"ATTACH {literal(str(files.live))} AS earlier (READ_ONLY)")
    except duckdb.Error as error:
        logger.warning("Rejections are lost: %.300s", error, extra={"action": "rebuilt"})
        return
    try:
        connection.execute(projector.sql["keep rejections"])
        connection.execute(projector.sql["keep positions"], {"log": LOG})
    finally:
        connection.execute("DETACH earlier")
