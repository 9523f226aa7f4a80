"""Brake: stops every operation at once, and lets none start until it is released. There is one."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate, event

from bulkdelete.domain.commands import BRAKE, Halt, Unhalt
from bulkdelete.domain.errors import TransitionError
from bulkdelete.domain.wall_time import rfc3339


class Brake(BaseAggregate[UUID]):
    """Whether everything is halted, by whom and why."""

    TOPIC: ClassVar[str] = "brake"

    class Event(AggregateEvent):
        """Anything that can happen to the brake."""

        def apply(self, aggregate: Brake) -> None:
            """Change the brake as the event says; never decides, never fails."""

    class Installed(AggregateCreated):
        """Somebody needed it for the first time."""

        TOPIC: ClassVar[str] = "brake.installed"

    class Halted(Event):
        """Somebody halted everything."""

        TOPIC: ClassVar[str] = "brake.halted"
        command_id: str
        requested_by: str
        reason: str

        def apply(self, aggregate: Brake) -> None:
            aggregate.is_on = True
            aggregate.requested_by, aggregate.reason = self.requested_by, self.reason
            aggregate.halted_at = rfc3339(self.timestamp)
            aggregate.commands.append(self.command_id)

    class Released(Event):
        """Somebody lets go on what was halted."""

        TOPIC: ClassVar[str] = "brake.released"
        command_id: str
        requested_by: str

        def apply(self, aggregate: Brake) -> None:
            aggregate.is_on = False
            aggregate.commands.append(self.command_id)

    class CommandRefused(Event):
        """A command did not fit: told again it is refused again."""

        TOPIC: ClassVar[str] = "brake.command_refused"
        command_id: str
        command: str
        requested_by: str
        reason: str

        def apply(self, aggregate: Brake) -> None:
            aggregate.refused[self.command_id] = self.reason

    @event(Installed)
    def __init__(self) -> None:
        self.is_on = False
        self.requested_by = ""
        self.reason = ""
        self.halted_at = ""
        self.commands: list[str] = []
        self.refused: dict[str, str] = {}

    @classmethod
    def install(cls) -> Brake:
        """The brake, not on."""
        return cls._create(cls.Installed, id=BRAKE)

    def take(self, command: Halt | Unhalt) -> None:
        """Halt or release, once, however often it is told. Raises TransitionError."""
        command_id = str(command.command_id)
        if command_id in self.refused:
            raise TransitionError(self.refused[command_id], "type")
        if command_id in self.commands:
            return
        asked = {"command_id": command_id, "requested_by": command.requested_by}
        match command:
            case Halt() if self.is_on:
                raise TransitionError(f"everything is halted already, by {self.requested_by}: {self.reason}", "type")
            case Halt():
                self.trigger_event(self.Halted, **asked, reason=command.reason)
            case Unhalt() if self.is_on:
                self.trigger_event(self.Released, **asked)
            case Unhalt():
                raise TransitionError("nothing is halted", "type")

    def refuse(self, command: Halt | Unhalt, reason: str) -> None:
        """Refuse a command for good, whatever is halted later."""
        if str(command.command_id) not in {*self.refused, *self.commands}:
            self.trigger_event(
                self.CommandRefused, command_id=str(command.command_id), command=command.type,
                requested_by=command.requested_by, reason=reason,
            )  # fmt: skip
