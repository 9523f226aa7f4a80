"""World: an event store with schedules, its ticks, and operations that end when they are told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import WorkRefused
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.scheduling.commands import AnyScheduleCommand, CreateSchedule, EditSchedule
from bulkdelete.domain.scheduling.index import DueSchedules
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.scheduling.schedules import Schedules

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def job(recurrence: str | None = "FREQ=DAILY", **words: Any) -> Job:
    same = {"name": "Old logs", "queries": [Query("log").all_records()], "time_zone": "Europe/Oslo"}
    return Job.read({**same, "start_at": "2027-01-01T02:00:00", "recurrence": recurrence, **words})


@dataclass
class World:
    application: BulkDeletes
    now: datetime = NOW
    ran: list[tuple[UUID, datetime, UUID]] = field(default_factory=list)
    """Schedule, occurrence, operation, in the order in which they began."""

    def __post_init__(self) -> None:
        self.schedules = Schedules(self.application)
        self.index = DueSchedules(self.application)

    def create(self, job: Job, schedule_id: UUID | None = None) -> Schedule:
        return self.schedules.carry_out(create(job, schedule_id), self.now, "crm")

    def edit(self, schedule_id: UUID, job: Job) -> Schedule:
        command = EditSchedule(command_id=uuid4(), schedule_id=schedule_id, requested_by="me", job=job)
        return self.schedules.carry_out(command, self.now, "crm")

    def ask(self, kind: type[AnyScheduleCommand], schedule_id: UUID) -> Schedule:
        command = kind(command_id=uuid4(), schedule_id=schedule_id, requested_by="me")  # type: ignore[call-arg]
        return self.schedules.carry_out(command, self.now)

    def tick(self, at: datetime, ends: bool = True) -> list[Operation]:
        """A tick; what begins ends at once, unless it is told not to."""
        began = []
        for one in self.index.due(at):
            operation = self.schedules.run_due(one, at)
            if operation is not None:
                began.append(operation)
                occurrence = self.schedules.schedule(one).last
                assert occurrence is not None
                self.ran.append((one, occurrence, operation.id))
                if ends:
                    self.end(operation.id)
        return began

    def end(self, operation_id: UUID) -> None:
        self.application.record(WorkRefused(operation_id=operation_id, epoch=1, reason="enough"))

    def skipped(self, schedule_id: UUID) -> list[tuple[str, str, str, int | None]]:
        found = [
            one for one in self.application.events.get(schedule_id) if isinstance(one, Schedule.OccurrencesSkipped)
        ]
        return [(one.reason, one.first, one.last, one.count) for one in found]


def create(job: Job, schedule_id: UUID | None = None) -> CreateSchedule:
    return CreateSchedule(command_id=uuid4(), schedule_id=schedule_id or uuid4(), requested_by="me", job=job)
