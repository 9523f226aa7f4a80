"""The commands that come in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from pydantic import InstanceOf

from bulkdelete.consumers.braking import pull
from bulkdelete.consumers.operations import Check, take_command
from bulkdelete.consumers.schedules import Scheduling
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import BRAKE, Halt, OperationCommand, ResumeOperation, SubmitBulkDelete, Unhalt
from bulkdelete.domain.declarations import Declarations
from bulkdelete.domain.errors import (
    InvalidJobError,
    OperationNotFoundError,
    RefusedError,
    ScheduleNotFoundError,
    TransitionError,
)
from bulkdelete.domain.guards import NO_GUARDS, Guards
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.reading import MESSAGES, AnyMessage, read_message
from bulkdelete.domain.scheduling.commands import ScheduleCommand, Tick
from bulkdelete.service.kafka.keeping import Keeper
from bulkdelete.service.kafka.received import Documents, Received
from bulkdelete.service.kafka.shell import Shell

EARLY = {("PauseOperation", Status.WAITING), ("ResumeOperation", Status.PAUSING)}
"""What becomes legal in a moment: whoever submits and pauses, or pauses and resumes, need not wait in between."""

CommandMessage = Annotated[InstanceOf[Received], Documents(MESSAGES)]


@dataclass
class Commands:
    """Carries commands out, one after another in each partition."""

    shell: Shell
    keeper: Keeper
    application: BulkDeletes
    databases: Collection[str]
    recorded: Callable[[], None]
    scheduling: Scheduling
    check: Check | None = None
    catalogues: Mapping[str, Declarations] = field(default_factory=dict)
    ledgers: Mapping[str, str] = field(default_factory=dict)
    guards: Guards = NO_GUARDS

    async def take(self, received: Received) -> None:
        """Carry one command out, keep it, or reject it."""
        await self.keeper.pace(received)
        early = await self.shell.attempt(received, lambda: self.carry_out(received))
        if early:
            await self.keeper.keep(received)
        self.recorded()

    def carry_out(self, received: Received) -> RefusedError | None:
        """Carry it out; returns why it comes too early, if it does. Raises RefusedError and UnavailableError."""
        if received.body is None:
            raise InvalidJobError("the message has no body; a command is one JSON object")
        command = read_message(received.body)
        check_key(received.key, command)
        try:
            self.do(command)
        except (OperationNotFoundError, ScheduleNotFoundError) as error:
            if not self.keeper.is_over(received):
                return error
            raise type(error)(self.keeper.after(error), error.field) from None
        except TransitionError as error:
            is_early = self.is_early(command)
            if is_early and not self.keeper.is_over(received):
                return error
            reason = self.keeper.after(error) if is_early else error.reason
            self.refuse(command, reason)
            raise TransitionError(reason, error.field) from None
        return None

    def do(self, command: AnyMessage) -> None:
        """Do what the command says."""
        match command:
            case Halt() | Unhalt():
                pull(command, self.application)
            case Tick():
                self.scheduling.tick(command)
            case ScheduleCommand():
                self.scheduling.take(command)
            case SubmitBulkDelete() if command.job.recurrence:
                self.scheduling.create(command)
            case _:
                take_command(
                    command, self.application, self.databases, self.check, self.catalogues, self.ledgers, self.guards
                )

    def refuse(self, command: AnyMessage, reason: str) -> None:
        """Remember that the command was refused: delivered again it is refused again."""
        match command:
            case Halt() | Unhalt():
                self.application.refuse_brake(command, reason)
            case ScheduleCommand():
                self.scheduling.schedules.refuse(command, reason)
            case SubmitBulkDelete() | Tick():
                pass
            case _:
                self.application.refuse(command, reason)

    def is_early(self, command: AnyMessage) -> bool:
        """Whether the operation is about to reach the state that the command is for."""
        if not isinstance(command, OperationCommand):
            return False
        operation = self.application.find(command.operation_id)
        if operation is None or operation.is_final or str(command.command_id) in operation.refused:
            return False
        if isinstance(command, ResumeOperation) and self.keeper.has_kept(command.operation_id):
            return True  # the pause that it follows is still on its way
        return (command.type, Status(operation.status)) in EARLY

    def handler(self) -> Callable[[CommandMessage], Awaitable[None]]:
        """The handler to mount."""

        async def commands(message: CommandMessage) -> None:
            """Commands: submit, what controls an operation, or all, and schedules. The key is the operation's id.

            Of a schedule's commands the key is its own id.
            """
            await self.take(message)

        return commands


def check_key(key: bytes | None, command: AnyMessage) -> None:
    """The key keeps an operation's commands in order. Raises InvalidJobError where it is another one's.

    Without a key nothing but that order is lost, and what comes too early is kept.
    """
    if key is None or isinstance(command, Tick):
        return
    try:
        is_ours = UUID(key.decode("ascii")) == command.subject
    except ValueError:
        is_ours = False
    if not is_ours:
        what = "the schedule_id" if isinstance(command, ScheduleCommand) else "the operation_id"
        what = f"{BRAKE}, or none" if isinstance(command, Halt | Unhalt) else what
        raise InvalidJobError(f"the key of the message must be {what}; got {key[:100]!r}", "key")
