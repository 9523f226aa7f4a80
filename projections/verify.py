"""Verify: the views are made anew from the log alone, aside, and compared row for row with those that people read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import ViewsError
from bulkdelete.projections.database import MEMORY_LIMIT
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.log import read_log
from bulkdelete.projections.named import literal, statements
from bulkdelete.projections.opening import open_views
from bulkdelete.projections.plain import Answer, plain
from bulkdelete.projections.projector import Projector
from bulkdelete.projections.reads import Reads, fetched
from bulkdelete.projections.rebuild import none_are_missing
from bulkdelete.projections.recorded import LOG, RecordedEvent

COMPARED = ("operations", "queries", "failures", "deleted_records", "schedules", "occurrences", "notifications")
OWNERS = {"schedules": "schedule_id", "occurrences": "schedule_id"}
"""What a table's rows belong to, where that is no operation."""
EXAMPLES = 5
ROWS_AT_ONCE = 200_000


@dataclass(frozen=True, slots=True)
class Difference(Answer):
    """Rows of one table that are not the same."""

    table: str
    only_in_views: int
    only_in_log: int
    examples: tuple[Mapping[str, Any], ...]
    """Some of the rows; `found_in` says where."""


@dataclass(frozen=True, slots=True)
class Verification(Answer):
    """Whether the views say what the log says."""

    equal: bool
    operation_id: UUID | None
    events: int
    rows: Mapping[str, int]
    """How many rows of each table were compared."""
    differences: tuple[Difference, ...]


def verify(
    files: ViewFiles,
    application: BulkDeletes | None,
    operation: str | UUID | None = None,
    events: Iterable[RecordedEvent] | None = None,
    memory_limit: str = MEMORY_LIMIT,
) -> Verification:
    """Compare the views, as far as they have come, with what the event store, or these events, say."""
    with (
        open_views(files, application, memory_limit=memory_limit) as views,
        tempfile.TemporaryDirectory(prefix="verify-", dir=files.folder, ignore_cleanup_errors=True) as aside,
    ):
        operation_id = views.identify(operation) if operation is not None else None
        rebuilt = ViewFiles(Path(aside) / "views.duckdb", Path(aside) / "views")
        projector = Projector(rebuilt, none_are_missing, memory_limit)
        try:
            wanted = seen_events(views, application, events)
            if operation_id is not None:
                wanted = (event for event in wanted if event.operation_id == operation_id)
            count = projector.record(wanted)
            return compared(projector.connection, views, operation_id, count)
        finally:
            projector.close()


def seen_events(
    views: Reads, application: BulkDeletes | None, events: Iterable[RecordedEvent] | None
) -> Iterator[RecordedEvent]:
    """The events that the views have seen."""
    if application is None and events is None:
        raise ViewsError("there is no event store here to hold the views against; read Kafka's topic: --kafka")
    positions: dict[str, int] = dict(views.rows("positions"))
    if application is not None and events is None and set(positions) <= {LOG}:
        for section in read_log(application, 0, positions.get(LOG, 0)):
            yield from section
        return
    versions: dict[UUID, int] = dict(views.rows("versions"))
    if application is not None and events is None:
        events = (event for section in read_log(application, 0) for event in section)
    yield from (event for event in events or () if event.version <= versions.get(event.stream_id, 0))


def compared(
    connection: duckdb.DuckDBPyConnection, views: Reads, operation_id: UUID | None, events: int
) -> Verification:
    """What is not the same in the rebuilt views of this connection and in those that people read."""
    ((path,),) = views.rows("path")
    connection.execute(f"ATTACH {literal(path)} AS people (READ_ONLY)")
    count = statements("verify.sql")["count"]
    rows: dict[str, int] = {}
    differences: list[Difference] = []
    for table in COMPARED:
        ((rows[table],),) = connection.execute(
            count.format(table=table, owner=OWNERS.get(table, "operation_id")), {"operation_id": operation_id}
        ).fetchall()
        difference = difference_of(connection, table, operation_id, 1 + rows[table] // ROWS_AT_ONCE)
        if difference is not None:
            differences.append(difference)
    return Verification(not differences, operation_id, events, rows, tuple(differences))


def difference_of(
    connection: duckdb.DuckDBPyConnection, table: str, operation_id: UUID | None, slices: int
) -> Difference | None:
    """The rows of a table that are not the same, some of them as examples."""
    owner = OWNERS.get(table, "operation_id")
    key = "record_id" if table in {"failures", "deleted_records"} else owner
    sql = statements("verify.sql")["differences"].format(table=table, key=key, owner=owner)
    more, fewer = 0, 0
    examples: list[Mapping[str, Any]] = []
    for number in range(slices):
        found = connection.execute(sql, {"operation_id": operation_id, "slices": slices, "slice": number})
        names = [column[0] for column in found.description or []]
        for row in fetched(found):
            *values, weight = row
            more, fewer = more + max(weight, 0), fewer - min(weight, 0)
            if len(examples) < EXAMPLES:
                where = "views" if weight > 0 else "log"
                examples.append({"found_in": where} | dict(zip(names[:-1], plain(values), strict=True)))
    return Difference(table, more, fewer, tuple(examples)) if examples else None
