"""What people make of an operation: they pause, resume and cancel it. The events; a storage format, as in `course`."""

from __future__ import annotations

from typing import ClassVar

from bulkdelete.domain.course import Happening
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.standing import Standing


class PauseRequested(Happening):
    """Somebody asked for a pause; batches already in the database are waited for."""

    TOPIC: ClassVar[str] = "operation.pause_requested"
    command_id: str
    requested_by: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.status = Status.PAUSING.value
        aggregate.commands.append(self.command_id)


class Paused(Happening):
    """Nothing more is deleted until it is resumed."""

    TOPIC: ClassVar[str] = "operation.paused"

    def apply(self, aggregate: Standing) -> None:
        aggregate.stop_running(self.timestamp)
        aggregate.status = Status.PAUSED.value
        aggregate.waiting_for = None


class Resumed(Happening):
    """Somebody resumed it: a new epoch begins."""

    TOPIC: ClassVar[str] = "operation.resumed"
    command_id: str
    requested_by: str
    epoch: int

    def apply(self, aggregate: Standing) -> None:
        aggregate.status = Status.WAITING.value
        aggregate.epoch = self.epoch
        aggregate.commands.append(self.command_id)


class CancelRequested(Happening):
    """Somebody canceled; batches already in the database are waited for."""

    TOPIC: ClassVar[str] = "operation.cancel_requested"
    command_id: str
    requested_by: str

    def apply(self, aggregate: Standing) -> None:
        aggregate.status = Status.CANCELING.value
        aggregate.commands.append(self.command_id)


class Canceled(Happening):
    """Nothing more is deleted, ever."""

    TOPIC: ClassVar[str] = "operation.canceled"

    def apply(self, aggregate: Standing) -> None:
        aggregate.stop_running(self.timestamp)
        aggregate.status = Status.CANCELED.value
        aggregate.waiting_for = None


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
