"""Schedules as the views answer them, typed. `to_json` is what the command line prints; its field names are stable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bulkdelete.projections.plain import Answer
from bulkdelete.projections.reads import Reads


@dataclass(frozen=True, slots=True)
class ScheduleStatus(Answer):
    """How a schedule stands."""

    schedule_id: UUID
    name: str
    next_run: datetime | None
    recurrence: str | None
    time_zone: str
    enabled: bool
    last_operation_id: UUID | None
    last_occurrence: datetime | None
    starts: str
    database: str
    requested_by: str
    revision: int


def schedules(reads: Reads) -> Iterator[ScheduleStatus]:
    """Every schedule that was not deleted, what is due first at the top."""
    for row in reads.rows("schedules"):
        yield ScheduleStatus(*map(in_utc, row))


def in_utc(value: Any) -> Any:
    """An instant with its zone; anything else as it is."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
