"""What happens to a schedule.

The names and fields of events are the storage format, and public on Kafka: they never change their meaning;
a field that is added gets a new `class_version` with an upcast. Each event that moves it says when it is due next:
who looks for what is due reads the log, and loads no schedule. Instants are RFC 3339 in UTC.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

from eventsourcing.domain import AggregateCreated, AggregateEvent


class Planned(TypedDict):
    """An occurrence that waits for the operation before it."""

    occurrence: str
    operation_id: str


class Standing:
    """How a schedule stands."""

    requested_by: str
    database: str
    job: dict[str, Any]
    starts: str
    next_run: str | None
    commands: list[str]
    refused: dict[str, str]
    revision: int
    enabled: bool
    deleted: bool
    waiting: list[Planned]
    """Occurrences that are due and wait for the operation before them."""
    last_occurrence: str | None
    last_operation_id: str | None


class Happening(AggregateEvent):
    """Anything that can happen to a schedule."""

    def apply(self, aggregate: Standing) -> None:
        """Change the schedule as the event says; never decides, never fails."""


class Created(AggregateCreated):
    """Somebody wants the job to run by itself."""

    TOPIC: ClassVar[str] = "schedule.created"
    command_id: str
    requested_by: str
    database: str
    """A configured name, or a URL without its password."""
    job: dict[str, Any]
    starts: str
    """The time on the wall from which the recurrence counts, without an offset."""
    next_run: str | None
    """RFC 3339 in UTC, as everywhere here; None: never again."""


class Edited(Happening):
    """Somebody gave it another job, database, or times."""

    TOPIC: ClassVar[str] = "schedule.edited"
    command_id: str
    requested_by: str
    database: str
    job: dict[str, Any]
    starts: str
    next_run: str | None
    revision: int
    """2 is the first edition after the original."""

    def apply(self, aggregate: Standing) -> None:
        aggregate.commands.append(self.command_id)
        aggregate.requested_by, aggregate.database, aggregate.job = self.requested_by, self.database, self.job
        aggregate.starts, aggregate.next_run, aggregate.revision = self.starts, self.next_run, self.revision


class Enabled(Happening):
    """Somebody lets it run again: from now on, what was due meanwhile is not made up for."""

    TOPIC: ClassVar[str] = "schedule.enabled"
    command_id: str
    requested_by: str
    next_run: str | None

    def apply(self, aggregate: Standing) -> None:
        aggregate.commands.append(self.command_id)
        aggregate.enabled, aggregate.next_run = True, self.next_run


class Disabled(Happening):
    """Somebody keeps it from running; an operation under way goes on."""

    TOPIC: ClassVar[str] = "schedule.disabled"
    command_id: str
    requested_by: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.commands.append(self.command_id)
        aggregate.enabled, aggregate.next_run, aggregate.waiting = False, None, []


class Deleted(Happening):
    """Somebody ended it for good; its history stays."""

    TOPIC: ClassVar[str] = "schedule.deleted"
    command_id: str
    requested_by: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.commands.append(self.command_id)
        aggregate.deleted, aggregate.enabled, aggregate.next_run, aggregate.waiting = True, False, None, []


class RunRequested(Happening):
    """Somebody wants it to run now, beside its times."""

    TOPIC: ClassVar[str] = "schedule.run_requested"
    command_id: str
    requested_by: str
    occurrence: str
    operation_id: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.commands.append(self.command_id)
        aggregate.waiting.append(Planned(occurrence=self.occurrence, operation_id=self.operation_id))


class OccurrenceQueued(Happening):
    """An occurrence waits for the end of the operation before it."""

    TOPIC: ClassVar[str] = "schedule.occurrence_queued"
    occurrence: str
    operation_id: str
    next_run: str | None

    def apply(self, aggregate: Standing) -> None:
        aggregate.next_run = self.next_run
        aggregate.waiting.append(Planned(occurrence=self.occurrence, operation_id=self.operation_id))


class OccurrencesSkipped(Happening):
    """Some occurrences never run, and why."""

    TOPIC: ClassVar[str] = "schedule.occurrences_skipped"
    reason: str
    """`missed`: nobody ran them in time · `overlap`: the operation before had not ended · `full`: too many wait."""
    first: str
    last: str
    count: int | None
    """None: more than a thousand."""
    next_run: str | None

    def apply(self, aggregate: Standing) -> None:
        aggregate.next_run = self.next_run


class Occurred(Happening):
    """An occurrence became an operation, recorded together with it."""

    TOPIC: ClassVar[str] = "schedule.occurred"
    occurrence: str
    operation_id: str
    next_run: str | None

    def apply(self, aggregate: Standing) -> None:
        aggregate.next_run = self.next_run
        aggregate.last_occurrence, aggregate.last_operation_id = self.occurrence, self.operation_id
        aggregate.waiting = [one for one in aggregate.waiting if one["operation_id"] != self.operation_id]


class OccurrenceRefused(Happening):
    """An occurrence could not become an operation: its job cannot be used any more."""

    TOPIC: ClassVar[str] = "schedule.occurrence_refused"
    occurrence: str
    operation_id: str
    reason: str
    next_run: str | None

    def apply(self, aggregate: Standing) -> None:
        aggregate.next_run = self.next_run
        aggregate.waiting = [one for one in aggregate.waiting if one["operation_id"] != self.operation_id]


class CommandRefused(Happening):
    """A command did not fit: told again it is refused again, whatever the schedule is then."""

    TOPIC: ClassVar[str] = "schedule.command_refused"
    command_id: str
    command: str
    requested_by: str
    reason: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.refused[self.command_id] = self.reason
