"""The rows of `schedules` and `occurrences`, and what each event changes in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import duckdb

from bulkdelete.domain.errors import ViewsError
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.projections.database import columns
from bulkdelete.projections.operations import utc
from bulkdelete.projections.plain import as_json
from bulkdelete.projections.recorded import RecordedEvent


@dataclass
class ScheduleRow:
    """How a schedule stands. Instants are UTC without saying so, as DuckDB takes them."""

    schedule_id: UUID
    name: str
    database: str
    requested_by: str
    recurrence: str | None
    time_zone: str
    starts: str
    job: str
    next_run: datetime | None
    created_at: datetime
    updated_at: datetime
    enabled: bool = True
    deleted: bool = False
    revision: int = 1
    last_occurrence: datetime | None = None
    last_operation_id: UUID | None = None
    version: int = 1


@dataclass
class OccurrenceRow:
    """What became of an occurrence, or of several in a row."""

    schedule_id: UUID
    occurrence: datetime
    last_occurrence: datetime
    count: int | None
    outcome: str
    operation_id: UUID | None
    reason: str | None
    recorded_at: datetime


SCHEDULE_COLUMNS = tuple(one.name for one in fields(ScheduleRow))
OCCURRENCE_COLUMNS = tuple(one.name for one in fields(OccurrenceRow))
OUTCOMES = {
    Schedule.Occurred.TOPIC: "submitted",
    Schedule.OccurrenceQueued.TOPIC: "queued",
    Schedule.OccurrenceRefused.TOPIC: "refused",
    Schedule.RunRequested.TOPIC: "requested",
}


@dataclass(frozen=True)
class ScheduleTable:
    """Writes what events change."""

    connection: duckdb.DuckDBPyConnection
    sql: dict[str, str]

    def write(self, events: Sequence[RecordedEvent]) -> None:
        """Change the rows as these events say."""
        if not events:
            return
        which = {"schedule_ids": list({event.stream_id for event in events})}
        found = self.connection.execute(self.sql["schedules"], which)
        names = [column[0] for column in found.description or []]
        rows = {row[0]: ScheduleRow(**dict(zip(names, row, strict=True))) for row in found.fetchall()}
        for event in events:
            if event.topic == Schedule.Created.TOPIC:
                rows[event.stream_id] = created(event)
            else:
                change(rows[event.stream_id], event)
        self.connection.execute(self.sql["forget schedules"], which)
        self.connection.execute(self.sql["put schedules"], columns(list(rows.values()), SCHEDULE_COLUMNS))
        if occurrences := [one for event in events if (one := occurrence(event)) is not None]:
            self.connection.execute(self.sql["put occurrences"], columns(occurrences, OCCURRENCE_COLUMNS))


def created(event: RecordedEvent) -> ScheduleRow:
    """The row of a schedule that was just created."""
    at = utc(event.timestamp)
    return ScheduleRow(event.stream_id, **definition(event.data), created_at=at, updated_at=at)


def definition(data: dict[str, Any]) -> dict[str, Any]:
    """The columns that its job and its times fill."""
    job = data["job"]
    return {
        "name": job["name"], "database": data["database"], "requested_by": data["requested_by"],
        "recurrence": job.get("recurrence"), "time_zone": job.get("time_zone", "UTC"), "starts": data["starts"],
        "job": as_json(job), "next_run": instant(data["next_run"]),
    }  # fmt: skip


def instant(text: str | None) -> datetime | None:
    """An instant that an event tells."""
    return utc(text) if text else None


def change(row: ScheduleRow, event: RecordedEvent) -> None:
    """Change a schedule's row as the event says."""
    data = event.data
    row.version, row.updated_at = event.version, utc(event.timestamp)
    if "next_run" in data:
        row.next_run = instant(data["next_run"])
    match event.topic:
        case Schedule.Edited.TOPIC:
            for name, value in definition(data).items():
                setattr(row, name, value)
            row.revision = data["revision"]
        case Schedule.Enabled.TOPIC:
            row.enabled = True
        case Schedule.Disabled.TOPIC | Schedule.Deleted.TOPIC:
            row.enabled, row.next_run = False, None
            row.deleted = event.topic == Schedule.Deleted.TOPIC
        case Schedule.Occurred.TOPIC:
            row.last_occurrence, row.last_operation_id = instant(data["occurrence"]), UUID(data["operation_id"])
        case topic if topic in OUTCOMES or topic in {Schedule.OccurrencesSkipped.TOPIC, Schedule.CommandRefused.TOPIC}:
            pass
        case topic:
            raise ViewsError(f"the views do not know the event {topic!r}; they need a newer bulkdelete")


def occurrence(event: RecordedEvent) -> OccurrenceRow | None:
    """What the event says of occurrences."""
    data, at = event.data, utc(event.timestamp)
    if event.topic == Schedule.OccurrencesSkipped.TOPIC:
        first, last = utc(data["first"]), utc(data["last"])
        return OccurrenceRow(event.stream_id, first, last, data["count"], "skipped", None, data["reason"], at)
    if event.topic not in OUTCOMES:
        return None
    when = utc(data["occurrence"])
    operation_id = UUID(data["operation_id"])
    return OccurrenceRow(
        event.stream_id, when, when, 1, OUTCOMES[event.topic], operation_id, data.get("reason"), at
    )  # fmt: skip
