"""Projector: events in, rows out; rows and the position they reflect are written together or not at all.

Each stream's version is held against what is recorded: a repeat changes nothing, a hole is filled from the event store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from bulkdelete.domain.errors import ViewsError
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.rejection import Rejection
from bulkdelete.projections.database import MEMORY_LIMIT, columns, connect
from bulkdelete.projections.halts import write_halts
from bulkdelete.projections.layout import FORMAT, ViewFiles
from bulkdelete.projections.named import statements
from bulkdelete.projections.notifications import TOPICS, write_notifications
from bulkdelete.projections.operations import (
    OPERATION_COLUMNS,
    QUERY_COLUMNS,
    OperationRow,
    QueryRow,
    change,
    submitted,
    utc,
)
from bulkdelete.projections.packs import FATES, Packing
from bulkdelete.projections.parts import Parts
from bulkdelete.projections.recorded import RecordedEvent, sections
from bulkdelete.projections.schedules import ScheduleTable
from bulkdelete.projections.streams import Stream, follow

SHOWN = ("operation.", "batch.", "brake.", "schedule.", "notification.")
"""The streams that views show something of."""

Missing = Callable[[UUID, int, int], Iterable[RecordedEvent]]
"""Stream, after this version, up to this version: the events of a hole."""


@dataclass(frozen=True)
class RejectedMessage:
    """A rejection, and where it was read."""

    rejection: Rejection
    rejected_at: datetime
    source: str
    position: int


class Projector:
    """The one that writes a view file."""

    def __init__(
        self,
        files: ViewFiles,
        missing: Missing,
        memory_limit: str = MEMORY_LIMIT,
        live: Path | None = None,
        fates: Collection[str] = FATES.keys(),
    ) -> None:
        """`fates`: the topics of the events whose records are kept."""
        files.make()
        self.missing = missing
        self.fates = fates
        self.sql = statements("queries.sql")
        path = live or files.live
        fresh = not path.exists()
        self.connection = connect(path, files.spill, memory_limit)
        try:
            if fresh:
                self.create(files)
            self.check(files)
            self.schedules = ScheduleTable(self.connection, self.sql)
            self.parts = Parts(self.connection, files.parts)
            if not self.parts.are_there():
                raise ViewsError("some of the views' files are missing")
        except BaseException:
            self.connection.close()
            raise

    def create(self, files: ViewFiles) -> None:
        """Make the tables of new views."""
        with self.transaction():
            self.connection.execute(statements("schema.sql")["tables"])
            self.connection.execute(self.sql["put about"], {"format": FORMAT, "folder": str(files.folder)})
            Parts(self.connection, files.parts).make_views()

    def check(self, files: ViewFiles) -> None:
        """Raise ViewsError where the tables are of another format; follow the folder where it was moved."""
        found = self.connection.execute(self.sql["about"]).fetchone()
        if found is None or found[0] != FORMAT:
            raise ViewsError(f"the views have format {found and found[0]}, not {FORMAT}")
        if found[1] != str(files.folder):
            with self.transaction():
                self.connection.execute(self.sql["move"], {"folder": str(files.folder)})
                Parts(self.connection, files.parts).make_views()

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def positions(self) -> dict[str, int]:
        """The last position recorded of each source."""
        return dict(self.connection.execute(self.sql["positions"]).fetchall())

    def record(self, events: Iterable[RecordedEvent]) -> int:
        """Write what events change, some of them a transaction; how many were new."""
        count = 0
        for section in sections(events):
            count += self.write(section)
            self.parts.tidy()
        return count

    def reject(self, messages: Sequence[RejectedMessage]) -> int:
        """Write rejections; how many were new."""
        done = self.positions()
        new = [one for one in messages if one.position > done.get(one.source, -1)]
        if new:
            rows: dict[str, list[Any]] = columns(
                [one.rejection for one in new], ("reason", "field", "topic", "partition", "offset", "body")
            )
            rows["rejected_at"] = [utc(one.rejected_at) for one in new]
            with self.transaction():
                self.connection.execute(self.sql["put rejections"], rows)
                self.advance({one.source: one.position for one in new})
        return len(new)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything in the block, or nothing of it."""
        self.connection.begin()
        try:
            yield
            self.connection.commit()
        except BaseException:
            self.connection.rollback()
            raise

    def write(self, events: Sequence[RecordedEvent]) -> int:
        """One transaction: the new ones of these events, and their positions."""
        streams = self.streams({event.stream_id for event in events})
        new = list(self.in_order(events, streams))
        reached = {event.source: event.position for event in events if event.source}
        packing = Packing(self.sql)
        for event in new:
            if event.topic in self.fates:
                packing.add(event, streams[event.stream_id].ordinal)
        with self.transaction():
            packing.write(self.connection)
            self.write_operations([event for event in new if event.topic.startswith("operation.")])
            told = [event for event in new if event.topic.startswith(TOPICS)]
            write_notifications(self.connection, self.sql, self.dictionaries, told)
            self.schedules.write([event for event in new if event.topic.startswith("schedule.")])
            write_halts(self.connection, self.sql, new)
            self.put_streams([streams[one] for one in {event.stream_id for event in new}])
            self.advance(reached)
        self.parts.add(packing.counts)
        return len(new)

    def streams(self, stream_ids: Iterable[UUID]) -> dict[UUID, Stream]:
        """How far these streams are recorded."""
        found = {one: Stream(one) for one in stream_ids}
        rows = self.connection.execute(self.sql["streams"], {"stream_ids": list(found)}).fetchall()
        return found | {row[0]: Stream(*row) for row in rows}

    def in_order(self, events: Iterable[RecordedEvent], streams: dict[UUID, Stream]) -> Iterator[RecordedEvent]:
        """Each event that is new, those that were missing before it; the streams are moved on."""
        for event in events:
            stream = streams[event.stream_id]
            if not event.topic.startswith(SHOWN) or event.version <= stream.version:
                continue
            if event.version > stream.version + 1:
                for missed in self.missing(event.stream_id, stream.version, event.version - 1):
                    yield follow(stream, missed)
            yield follow(stream, event)

    def write_operations(self, events: Sequence[RecordedEvent]) -> None:
        """Change the rows of operations and queries as these events say."""
        if not events:
            return
        rows = self.operations({event.stream_id for event in events})
        for event in events:
            if event.topic == Operation.Submitted.TOPIC:
                rows[event.stream_id] = submitted(event)
            else:
                change(rows[event.stream_id], event)
        which = {"operation_ids": list(rows)}
        self.connection.execute(self.sql["forget operations"], which)
        self.connection.execute(self.sql["forget queries"], which)
        self.connection.execute(self.sql["put operations"], columns(list(rows.values()), OPERATION_COLUMNS))
        queries = [query for row in rows.values() for query in row.queries]
        self.connection.execute(self.sql["put queries"], columns(queries, QUERY_COLUMNS))

    def operations(self, operation_ids: Iterable[UUID]) -> dict[UUID, OperationRow]:
        """The rows of those operations that are there."""
        which = {"operation_ids": list(operation_ids)}
        rows: dict[UUID, OperationRow] = {}
        for found in self.dictionaries(self.sql["operations"], which):
            rows[found["operation_id"]] = OperationRow(**found)
        for found in self.dictionaries(self.sql["queries"], which):
            rows[found["operation_id"]].queries.append(QueryRow(**found))
        return rows

    def dictionaries(self, sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """Rows by the names of their columns."""
        result = self.connection.execute(sql, parameters)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def put_streams(self, streams: Sequence[Stream]) -> None:
        """Write how far streams are recorded."""
        if streams:
            self.connection.execute(self.sql["forget streams"], {"stream_ids": [one.stream_id for one in streams]})
            names = ("stream_id", "version", "operation_id", "ordinal")
            self.connection.execute(self.sql["put streams"], columns(streams, names))

    def advance(self, reached: dict[str, int]) -> None:
        """Write the positions."""
        for source, position in reached.items():
            self.connection.execute(self.sql["forget position"], {"source": source})
            self.connection.execute(self.sql["put position"], {"source": source, "position": position})
