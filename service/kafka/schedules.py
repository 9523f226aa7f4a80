"""The schedules of a service on Kafka, to be made equal to a folder: read from its topic, changed by commands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from bulkdelete.domain.commands import command_of
from bulkdelete.domain.errors import InvalidJobError, RefusedError, UnavailableError
from bulkdelete.domain.job import Job
from bulkdelete.domain.scheduling.commands import AnyScheduleCommand, CreateSchedule, EditSchedule, ScheduleCommand
from bulkdelete.domain.scheduling.directory import Entry
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.producers.client import Client

PATIENCE = 60.0
"""Seconds that a service has to carry out what is asked."""


@dataclass
class ServedSchedules:
    """What is to change is gathered, and asked for together by `settle`."""

    client: Client
    requested_by: str
    database: str | None = None
    """Of jobs that name none: the name that the service has for it."""
    known: dict[UUID, Schedule] = field(init=False)
    commands: list[AnyScheduleCommand] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = self.client.known_schedules()

    def entries(self) -> list[Entry]:
        """All schedules, in the order in which they were created; deleted ones too."""
        ordered = sorted(self.known.values(), key=lambda one: (one.created_on, str(one.id)))
        return [Entry(one.id, one.job["name"], one.deleted) for one in ordered]

    def schedule(self, schedule_id: UUID) -> Schedule:
        """A schedule as it was when its topic was read."""
        return self.known[schedule_id]

    def database_of(self, job: Job) -> str:
        """The service's name for where a job runs. Raises InvalidJobError."""
        name = job.database or self.database
        if name is None:
            raise InvalidJobError("the job names no database; or say --database", "database")
        if "://" in name:
            raise InvalidJobError(f"{name.partition('://')[0]}://… is an address: a service knows names", "database")
        return name

    def create(self, job: Job, schedule_id: UUID | None = None) -> None:
        """Begin a schedule."""
        self.take(CreateSchedule, schedule_id or uuid4(), job=self.published(job))

    def edit(self, schedule_id: UUID, job: Job) -> None:
        """Give a schedule another job."""
        self.take(EditSchedule, schedule_id, job=self.published(job))

    def ask(self, kind: type[ScheduleCommand], schedule_id: UUID) -> None:
        """Enable, disable, delete, or run now."""
        self.take(kind, schedule_id)

    def published(self, job: Job) -> dict[str, Any]:
        """A job as it is published."""
        return {**job.to_json(), "database": self.database_of(job)}

    def take(self, kind: type[ScheduleCommand], schedule_id: UUID, **fields: Any) -> None:
        """Gather a command. Raises InvalidJobError."""
        command: Any = command_of(kind, schedule_id=schedule_id, requested_by=self.requested_by, **fields)
        self.commands.append(command)

    def settle(self) -> dict[UUID, RefusedError]:
        """Ask for everything, and wait until it is done; which schedules were refused, and why.

        Raises UnavailableError where nobody answers: then some of it may be done later. Applied again it is well.
        """
        try:
            refused = self.client.carry_out(self.commands, PATIENCE)
        except TimeoutError:
            raise UnavailableError(
                f"the service has not answered for {PATIENCE:.0f} s: does the role `operations` run? "
                "What was asked is done when it does"
            ) from None
        return {one.schedule_id: refused[one.command_id] for one in self.commands if one.command_id in refused}
