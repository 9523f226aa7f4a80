"""Opening hours: an operation whose job names a window, blackout days or a longest duration keeps to them.

Outside its hours it is postponed to the next opening, as if somebody had asked; who resumes it then knows better, and
it runs until the hours close the next time. What has run for too long is canceled.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import CancelOperation, ControlCommand, PostponeOperation
from bulkdelete.domain.errors import TransitionError
from bulkdelete.domain.job import GovernedJob
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.scheduling.windows import Hours
from bulkdelete.domain.wall_time import rfc3339

WORDS = ("window", "blackouts", "maximum_duration")


@dataclass(frozen=True)
class Terms:
    """What the job of an operation says."""

    hours: Hours
    time_zone: str
    longest: timedelta | None

    @classmethod
    def of(cls, job: dict[str, Any]) -> Terms:
        """As the operation keeps it."""
        found = GovernedJob.read(job)
        return cls(found.hours(), found.zone_name, found.maximum_duration)

    @property
    def name(self) -> str:
        """Who postpones, as the history tells it."""
        return f"window {self.hours.window}" if self.hours.window else "blackouts"


@dataclass
class OpeningHours:
    """Keeps the operations of one process to their hours."""

    application: BulkDeletes
    now: Callable[[], datetime]
    terms: dict[UUID, Terms] = field(default_factory=dict)
    edges: dict[UUID, tuple[datetime, datetime]] = field(default_factory=dict)
    """When an operation was looked at, and when it has to be again."""

    def is_due(self, operation_id: UUID) -> bool:
        """Whether an operation may have to stop."""
        if operation_id not in self.edges:
            return False
        looked, edge = self.edges[operation_id]
        return not looked <= self.now() < edge  # the clock may have been set back

    def kept(self, operation: Operation) -> Operation:
        """The operation, after its hours were looked at."""
        if not any(name in operation.job for name in WORDS):
            return operation
        status = Status(operation.status)
        if not status.is_running and status is not Status.WAITING:
            self.forget(operation.id)
            return operation
        if operation.id not in self.terms:
            self.terms[operation.id] = Terms.of(operation.job)
        command = self.command(operation, self.terms[operation.id])
        if command is None or str(command.command_id) in operation.commands:
            return operation
        with suppress(TransitionError):  # something else was faster: it is looked at again
            return self.application.control(command)
        return operation

    def forget(self, operation_id: UUID) -> None:
        """It does not run: there is nothing to keep to."""
        self.edges.pop(operation_id, None)
        self.terms.pop(operation_id, None)

    def command(self, operation: Operation, terms: Terms) -> ControlCommand | None:
        """What is to be asked of the operation now; None: it may go on, until the edge that is noted."""
        now = self.now()
        left = self.left(operation, terms, now)
        if left is not None and left <= timedelta(0):
            who = f"maximum duration {terms.longest}"
            return CancelOperation(
                command_id=uuid5(operation.id, "maximum_duration"), operation_id=operation.id, requested_by=who
            )
        opening = terms.hours.opening(now)
        if opening is not None and opening > now:
            identity = uuid5(operation.id, f"closed until {rfc3339(opening)}")
            # Who resumed it in spite of the window is asked again when that would open, and closes next.
            self.edges[operation.id] = now, opening
            return PostponeOperation(
                command_id=identity, operation_id=operation.id, requested_by=terms.name, until=opening,
                time_zone=terms.time_zone,
            )  # fmt: skip
        edges = [terms.hours.closing(now), now + left if left is not None else None]
        next_look = min((one for one in edges if one is not None), default=now + timedelta(days=1))
        self.edges[operation.id] = now, next_look
        return None

    def left(self, operation: Operation, terms: Terms, now: datetime) -> timedelta | None:
        """How long it may still run; pauses do not count."""
        if terms.longest is None:
            return None
        return terms.longest - timedelta(microseconds=operation.ran_until(now))
