"""Schedule: a job that recurs. Each occurrence becomes an operation of its own, exactly once.

What it decides is here; its events are in `course`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

from eventsourcing.domain import BaseAggregate, event
from eventsourcing.domain import Snapshot as BaseSnapshot
from eventsourcing.utils import register_topic

from bulkdelete.domain.errors import TransitionError
from bulkdelete.domain.job import Job
from bulkdelete.domain.scheduling import course
from bulkdelete.domain.scheduling.course import Planned
from bulkdelete.domain.scheduling.timetable import Missed, Timetable
from bulkdelete.domain.wall_time import rfc3339


class Schedule(course.Standing, BaseAggregate[UUID]):
    """A job that recurs, or that begins once at a given time."""

    TOPIC: ClassVar[str] = "schedule"

    class Snapshot(BaseSnapshot):
        """A schedule as it was at some version."""

        TOPIC: ClassVar[str] = "schedule.snapshot"

    Event = course.Happening
    Created = course.Created
    Edited = course.Edited
    Enabled = course.Enabled
    Disabled = course.Disabled
    Deleted = course.Deleted
    RunRequested = course.RunRequested
    OccurrenceQueued = course.OccurrenceQueued
    OccurrencesSkipped = course.OccurrencesSkipped
    Occurred = course.Occurred
    OccurrenceRefused = course.OccurrenceRefused
    CommandRefused = course.CommandRefused

    @event(Created)
    def __init__(
        self, command_id: str, requested_by: str, database: str, job: dict[str, Any], starts: str, next_run: str | None
    ) -> None:
        self.requested_by = requested_by
        self.database = database
        self.job = job
        self.starts = starts
        self.next_run = next_run
        self.commands = [command_id]
        self.refused = {}
        self.revision = 1
        self.enabled = True
        self.deleted = False
        self.waiting = []
        self.last_occurrence = None
        self.last_operation_id = None

    @classmethod
    def create(cls, schedule_id: UUID, command_id: UUID, requested_by: str, database: str, job: Job,
               now: datetime) -> Schedule:  # fmt: skip
        """Begin a schedule. `now`: from when on occurrences count, and where its times start unless the job says."""
        starts = job.start_wall(now)
        first = job.timetable(starts).next(now.replace(microsecond=0), inclusive=True)
        return cls._create(
            cls.Created, id=schedule_id, command_id=str(command_id), requested_by=requested_by, database=database,
            job=job.to_json(), starts=starts.isoformat(), next_run=told(first),
        )  # fmt: skip

    @property
    def timetable(self) -> Timetable:
        """When it is due."""
        return Job.read(self.job).timetable(datetime.fromisoformat(self.starts))

    def after(self, now: datetime) -> str | None:
        """When it is due next, seen from an instant; no occurrence comes twice."""
        return told(self.timetable.next(max(now, self.last or now)))

    @property
    def last(self) -> datetime | None:
        """The last occurrence that became an operation."""
        return datetime.fromisoformat(self.last_occurrence) if self.last_occurrence else None

    def begin(self, command_id: UUID) -> bool:
        """Whether a command is new. Raises TransitionError where it was refused, or nothing can follow."""
        if str(command_id) in self.refused:
            raise TransitionError(self.refused[str(command_id)], "type")
        if str(command_id) in self.commands:
            return False
        if self.deleted:
            raise TransitionError("the schedule was deleted: create another one", "type")
        return True

    def edit(self, command_id: UUID, requested_by: str, database: str, job: Job, now: datetime) -> None:
        """Give it another definition. Where that says no start, the recurrence counts from where it did."""
        was = Job.read(self.job)
        same_clock = (job.time_zone, job.recurrence) == (was.time_zone, was.recurrence)
        kept = datetime.fromisoformat(self.starts) if same_clock or not job.recurrence else None
        starts = job.start_wall(now) if job.start_at or kept is None else kept
        # What is due and was not yet seen by a tick is still due, if the new times name it.
        pending = datetime.fromisoformat(self.next_run) if self.next_run else now
        due = job.timetable(starts).next(min(now, pending), inclusive=pending <= now) if self.enabled else None
        if due is not None and self.last is not None and due <= self.last:
            due = job.timetable(starts).next(max(now, self.last))
        self.trigger_event(
            self.Edited, command_id=str(command_id), requested_by=requested_by, database=database, job=job.to_json(),
            starts=starts.isoformat(), next_run=told(due), revision=self.revision + 1,
        )  # fmt: skip

    def submit(self, planned: Planned) -> None:
        """Record that an occurrence became an operation."""
        occurrence = datetime.fromisoformat(planned["occurrence"])
        self.trigger_event(self.Occurred, **planned, next_run=self.next_after(occurrence))

    def refuse(self, planned: Planned, reason: str) -> None:
        """Record that an occurrence could not become an operation."""
        occurrence = datetime.fromisoformat(planned["occurrence"])
        self.trigger_event(self.OccurrenceRefused, **planned, reason=reason, next_run=self.next_after(occurrence))

    def refuse_command(self, command_id: UUID, command: str, requested_by: str, reason: str) -> None:
        """Refuse a command for good. What is deleted does so without remembering."""
        if not self.deleted and str(command_id) not in {*self.refused, *self.commands}:
            self.trigger_event(
                self.CommandRefused, command_id=str(command_id), command=command, requested_by=requested_by,
                reason=reason,
            )  # fmt: skip

    def queue(self, occurrence: datetime) -> None:
        """Let an occurrence wait for the operation before it."""
        self.trigger_event(self.OccurrenceQueued, **self.planned(occurrence), next_run=self.next_after(occurrence))

    def skip(self, missed: Missed, reason: str) -> None:
        """Record occurrences that never run."""
        self.trigger_event(
            self.OccurrencesSkipped, reason=reason, first=rfc3339(missed.first), last=rfc3339(missed.last),
            count=missed.count, next_run=self.next_after(missed.last),
        )  # fmt: skip

    def next_after(self, occurrence: datetime) -> str | None:
        """When it is due after an occurrence; one that came beside the times, or late, changes nothing."""
        if self.next_run is None or rfc3339(occurrence) < self.next_run:
            return self.next_run
        return told(self.timetable.next(occurrence))

    def planned(self, occurrence: datetime) -> Planned:
        """An occurrence and its operation, whose identity follows: whoever finds it due, finds the same."""
        at = rfc3339(occurrence)
        return Planned(occurrence=at, operation_id=str(uuid5(self.id, at)))

    def run_now(self, command_id: UUID, requested_by: str, now: datetime) -> None:
        """Let it run beside its times, as soon as the operation before it has ended."""
        self.trigger_event(
            self.RunRequested, command_id=str(command_id), requested_by=requested_by,
            occurrence=rfc3339(now.replace(microsecond=0)), operation_id=str(uuid5(self.id, f"now/{command_id}")),
        )  # fmt: skip


def told(instant: datetime | None) -> str | None:
    """An instant as events tell it."""
    return rfc3339(instant) if instant else None


# A process that has taken no snapshot yet must still be able to read one.
register_topic(Schedule.Snapshot.TOPIC, Schedule.Snapshot)
