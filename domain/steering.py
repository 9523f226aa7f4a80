"""What people make of an operation: pause, resume, postpone, throttle, halt, cancel. Events: a storage format."""

from __future__ import annotations

from typing import ClassVar

from bulkdelete.domain.course import Happening
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.standing import Standing
from bulkdelete.domain.wall_time import spoken


class PauseRequested(Happening):
    """Somebody asked for a pause; batches already in the database are waited for."""

    TOPIC: ClassVar[str] = "operation.pause_requested"
    command_id: str
    requested_by: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.leave_for(Status.PAUSING)
        aggregate.commands.append(self.command_id)


class Paused(Happening):
    """Nothing more is deleted until it is resumed."""

    TOPIC: ClassVar[str] = "operation.paused"

    def apply(self, aggregate: Standing) -> None:
        aggregate.rest(self.timestamp, Status.PAUSED)


class Resumed(Happening):
    """Somebody resumed it: a new epoch begins, unless it never began."""

    TOPIC: ClassVar[str] = "operation.resumed"
    command_id: str
    requested_by: str
    epoch: int

    def apply(self, aggregate: Standing) -> None:
        aggregate.wait_to_start(self.epoch)
        aggregate.commands.append(self.command_id)


class PostponeRequested(Happening):
    """Somebody postponed it; batches already in the database are waited for."""

    TOPIC: ClassVar[str] = "operation.postpone_requested"
    command_id: str
    requested_by: str
    until: str
    """RFC 3339 in UTC."""
    time_zone: str
    """In which people are told it."""

    def apply(self, aggregate: Standing) -> None:
        if not Status(aggregate.status).is_resting and aggregate.status != Status.WAITING:
            aggregate.status = Status.POSTPONING.value
        aggregate.postponed_until, aggregate.time_zone = self.until, self.time_zone
        aggregate.waiting_for, aggregate.held_by = (
            begins(aggregate.started_at is not None, self.until, self.time_zone),
            None,
        )
        aggregate.commands.append(self.command_id)


class Postponed(Happening):
    """Nothing (more) is deleted until an instant; then it goes on by itself."""

    TOPIC: ClassVar[str] = "operation.postponed"
    until: str
    time_zone: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.rest(self.timestamp, Status.POSTPONED)
        aggregate.postponed_until, aggregate.time_zone = self.until, self.time_zone
        aggregate.waiting_for = begins(aggregate.started_at is not None, self.until, self.time_zone)


class Due(Happening):
    """The instant that it was postponed to has come."""

    TOPIC: ClassVar[str] = "operation.due"
    epoch: int

    def apply(self, aggregate: Standing) -> None:
        aggregate.wait_to_start(self.epoch)


class Throttled(Happening):
    """Somebody changed how many records per second it may delete."""

    TOPIC: ClassVar[str] = "operation.throttled"
    command_id: str
    requested_by: str
    rate: float | None
    """None: as many as the database bears."""

    def apply(self, aggregate: Standing) -> None:
        aggregate.rate = self.rate
        aggregate.commands.append(self.command_id)


class Halting(Happening):
    """Somebody halted everything; batches already in the database are waited for."""

    TOPIC: ClassVar[str] = "operation.halting"
    requested_by: str
    reason: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.status = Status.HALTING.value
        aggregate.waiting_for, aggregate.held_by = halted(self.requested_by, self.reason), None


class Halted(Happening):
    """Nothing more is deleted until the halt is over."""

    TOPIC: ClassVar[str] = "operation.halted"

    def apply(self, aggregate: Standing) -> None:
        why = aggregate.waiting_for
        aggregate.rest(self.timestamp, Status.HALTED)
        aggregate.waiting_for = why


class Released(Happening):
    """The halt is over: a new epoch begins."""

    TOPIC: ClassVar[str] = "operation.released"
    epoch: int

    def apply(self, aggregate: Standing) -> None:
        aggregate.wait_to_start(self.epoch)


class CancelRequested(Happening):
    """Somebody canceled; batches already in the database are waited for."""

    TOPIC: ClassVar[str] = "operation.cancel_requested"
    command_id: str
    requested_by: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.leave_for(Status.CANCELING)
        aggregate.commands.append(self.command_id)


class Canceled(Happening):
    """Nothing more is deleted, ever."""

    TOPIC: ClassVar[str] = "operation.canceled"

    def apply(self, aggregate: Standing) -> None:
        aggregate.rest(self.timestamp, Status.CANCELED)


class CommandRefused(Happening):
    """A command did not fit the state: told again it is refused again, whatever the state is then."""

    TOPIC: ClassVar[str] = "operation.command_refused"
    command_id: str
    command: str
    """The command's type."""
    requested_by: str
    reason: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.refused[self.command_id] = self.reason


def begins(has_started: bool, until: str, time_zone: str) -> str:
    """What a postponed operation waits for, in words."""
    return ("goes on " if has_started else "starts ") + spoken(until, time_zone)


def halted(requested_by: str, reason: str) -> str:
    """What a halted operation waits for, in words."""
    return f"halted by {requested_by}: {reason}"
