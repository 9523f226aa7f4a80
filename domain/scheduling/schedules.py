"""Schedules: the event store's schedules, one method a command, and what a tick makes of one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid5

from eventsourcing.persistence import IntegrityError

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.authorisation import authorise
from bulkdelete.domain.errors import RefusedError, ScheduleExistsError, ScheduleNotFoundError, UnavailableError
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.scheduling.commands import (
    AnyScheduleCommand,
    CreateSchedule,
    DeleteSchedule,
    DisableSchedule,
    EditSchedule,
    EnableSchedule,
    RunScheduleNow,
)
from bulkdelete.domain.scheduling.course import Planned
from bulkdelete.domain.scheduling.due import take_due
from bulkdelete.domain.scheduling.rule_text import refused
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.store import MOST_CLASHES

T = TypeVar("T", bound=tuple[Schedule] | tuple[Schedule, Operation])
Prepare = Callable[[Job, str], Job]
"""The job of an occurrence as it will run on a database: under the catalogue of today."""


def as_it_is(job: Job, _database: str) -> Job:
    """A job without a catalogue."""
    return job


@dataclass(frozen=True)
class Schedules:
    """Every schedule there ever was."""

    application: BulkDeletes

    def carry_out(self, command: AnyScheduleCommand, now: datetime, database: str = "") -> Schedule:
        """Carry a command out, once. `database` is where the job of one that has a job runs.

        Raises ScheduleNotFoundError, ScheduleExistsError, TransitionError, InvalidJobError.
        """
        authorise(command.requested_by, command.type, command.schedule_id)
        if isinstance(command, CreateSchedule | EditSchedule):
            check(command.job, now)

        def decide() -> tuple[Schedule]:
            if isinstance(command, CreateSchedule):
                return (self.created(command, now, database),)
            schedule = self.schedule(command.schedule_id)
            if schedule.begin(command.command_id):
                change(schedule, command, now, database)
            return (schedule,)

        return self.until_recorded(decide)[0]

    def created(self, command: CreateSchedule, now: datetime, database: str) -> Schedule:
        """The schedule, new unless the same command, or the same job, was told before."""
        if found := self.find(command.schedule_id):
            same = (found.job, found.database) == (command.job.to_json(), database)
            if found.commands[0] != str(command.command_id) and (found.deleted or not same):
                why = "was deleted" if found.deleted else "has another job or database"
                raise ScheduleExistsError(f"schedule {command.schedule_id} {why}", "schedule_id")
            return found
        if self.application.is_taken(command.schedule_id):
            raise ScheduleExistsError(f"{command.schedule_id} is no schedule's id", "schedule_id")
        return Schedule.create(
            command.schedule_id, command.command_id, command.requested_by, database, command.job, now
        )

    def refuse(self, command: AnyScheduleCommand, reason: str) -> Schedule:
        """Remember that a command was refused: delivered again it is refused again. Raises ScheduleNotFoundError."""

        def decide() -> tuple[Schedule]:
            schedule = self.schedule(command.schedule_id)
            schedule.refuse_command(command.command_id, command.type, command.requested_by, reason)
            return (schedule,)

        return self.until_recorded(decide)[0]

    def run_due(self, schedule_id: UUID, at: datetime, prepare: Prepare = as_it_is) -> Operation | None:
        """What is due of a schedule at an instant, recorded; the operation that begins, if one does.

        Schedule and operation are saved together: of two ticks at once one finds nothing left to do.
        """

        def decide() -> tuple[Schedule] | tuple[Schedule, Operation]:
            schedule = self.schedule(schedule_id)
            planned = take_due(schedule, at, self.is_busy(schedule))
            if planned is None:
                return (schedule,)
            try:
                operation = self.operation_of(schedule, planned, at, prepare)
            except RefusedError as error:
                schedule.refuse(planned, f"{error!s:.1000}")
                return (schedule,)
            schedule.submit(planned)
            return schedule, operation

        recorded = self.until_recorded(decide)
        return recorded[1] if len(recorded) > 1 else None

    def operation_of(self, schedule: Schedule, planned: Planned, at: datetime, prepare: Prepare) -> Operation:
        """The operation of an occurrence: its own job, with relative dates that are evaluated anew."""
        operation_id = UUID(planned["operation_id"])
        if found := self.application.find(operation_id):
            return found
        job = Job.read(schedule.job).once()
        return Operation.submit(
            operation_id, uuid5(operation_id, "submit"), schedule.requested_by, schedule.database,
            prepare(job, schedule.database),
        )  # fmt: skip

    def is_busy(self, schedule: Schedule) -> bool:
        """Whether the operation of the last occurrence has not ended."""
        if schedule.last_operation_id is None:
            return False
        operation = self.application.find(UUID(schedule.last_operation_id))
        return operation is not None and not operation.is_final

    def schedule(self, schedule_id: UUID) -> Schedule:
        """The schedule as it is. Raises ScheduleNotFoundError."""
        if found := self.find(schedule_id):
            return found
        raise ScheduleNotFoundError(f"no schedule {schedule_id} was created", "schedule_id")

    def find(self, schedule_id: UUID) -> Schedule | None:
        """The schedule as it is, or None."""
        return self.application.found(schedule_id, Schedule)

    def until_recorded(self, decide: Callable[[], T]) -> T:
        """Decide and save together; where somebody else was faster, decide anew from what they recorded."""
        for _ in range(MOST_CLASHES):
            try:

                def attempt() -> T:
                    changed = decide()
                    self.application.save(*changed)
                    return changed

                return self.application.translated(attempt)
            except IntegrityError:
                continue
        raise UnavailableError("the event store is too busy: the schedule changed at every attempt")


def check(job: Job, now: datetime) -> None:
    """Raise InvalidJobError where a job can be no schedule's."""
    if job.recurrence is None and job.start_at is None:
        raise refused(
            "a schedule has a recurrence, such as FREQ=DAILY, or a start_at; a job without either runs at once"
        )
    job.timetable(job.start_wall(now)).check()


def change(schedule: Schedule, command: AnyScheduleCommand, now: datetime, database: str) -> None:
    """Let a command that is new change the schedule."""
    by = {"command_id": str(command.command_id), "requested_by": command.requested_by}
    match command:
        case EditSchedule():
            schedule.edit(command.command_id, command.requested_by, database, command.job, now)
        case EnableSchedule():
            due = schedule.next_run if schedule.enabled else schedule.after(now)
            schedule.trigger_event(Schedule.Enabled, **by, next_run=due)
        case DisableSchedule():
            schedule.trigger_event(Schedule.Disabled, **by)
        case DeleteSchedule():
            schedule.trigger_event(Schedule.Deleted, **by)
        case RunScheduleNow():
            schedule.run_now(command.command_id, command.requested_by, now)
        case CreateSchedule():
            raise AssertionError("creating changes nothing that is there")
