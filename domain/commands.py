"""What can be asked of bulkdelete: one JSON object a command, told apart by `type`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypeVar
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.instants import (
    as_naming_of_an_instant,
    has_zone,
    in_utc,
    refuse_naive,
)
from bulkdelete.domain.job import Job, Rate
from bulkdelete.domain.refusals import refusal
from bulkdelete.domain.wall_time import DEFAULT_ZONE
from bulkdelete.domain.zones import as_zone

C = TypeVar("C", bound="Command")

LARGEST_MESSAGE = 768 * 1024
"""Bytes of any one message."""


def one_line(value: Any) -> Any:
    """A principal is one line of text that can be shown anywhere."""
    if isinstance(value, str) and not value.isprintable():
        raise PydanticCustomError("refused", "a principal is one line of printable text")
    return value


Principal = Annotated[str, Field(min_length=1, max_length=320), BeforeValidator(one_line)]


class Command(BaseModel):
    """Something a principal asks for; delivered again later it changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command_id: UUID
    requested_by: Principal

    @property
    def subject(self) -> UUID:
        """What it is about: the key of its message, which keeps what is said of one thing in order."""
        raise NotImplementedError


class OperationCommand(Command):
    """Something that is asked of one operation."""

    operation_id: UUID

    @property
    def subject(self) -> UUID:
        """The operation."""
        return self.operation_id


class SubmitBulkDelete(OperationCommand):
    """Delete the records that the job's queries find."""

    type: Literal["SubmitBulkDelete"] = "SubmitBulkDelete"
    job: Job


class PauseOperation(OperationCommand):
    """Stop deleting until resumed."""

    type: Literal["PauseOperation"] = "PauseOperation"


class ResumeOperation(OperationCommand):
    """Go on after a pause."""

    type: Literal["ResumeOperation"] = "ResumeOperation"


class CancelOperation(OperationCommand):
    """Stop deleting for good; what is deleted stays deleted."""

    type: Literal["CancelOperation"] = "CancelOperation"


class PostponeOperation(OperationCommand):
    """Delete nothing (any more) until an instant, then go on by itself."""

    type: Literal["PostponeOperation"] = "PostponeOperation"
    until: Annotated[datetime, BeforeValidator(as_naming_of_an_instant)]
    """Without an offset a local time in `time_zone`."""
    time_zone: Annotated[str | None, BeforeValidator(lambda one: one and as_zone(one))] = None

    @model_validator(mode="after")
    def until_is_an_instant(self) -> Self:
        """A local time needs a time zone that somebody named."""
        if not has_zone(self.until) and self.time_zone is None:
            refuse_naive("PostponeOperation", "until", self.until)
        return self

    @property
    def instant(self) -> datetime:
        """The instant, in UTC."""
        return in_utc(self.until, self.time_zone or DEFAULT_ZONE)


class ThrottleOperation(OperationCommand):
    """Delete at most so many records per second from now on; null: as many as the database bears."""

    type: Literal["ThrottleOperation"] = "ThrottleOperation"
    rate: Rate | None


class BrakeCommand(Command):
    """Something that is asked of all operations at once."""

    @property
    def subject(self) -> UUID:
        """The one brake that there is."""
        return BRAKE


class Halt(BrakeCommand):
    """Stop every operation, and let none start, until `Unhalt`."""

    type: Literal["Halt"] = "Halt"
    reason: Annotated[str, Field(min_length=1, max_length=1000), BeforeValidator(one_line)]


class Unhalt(BrakeCommand):
    """Let go on what was halted."""

    type: Literal["Unhalt"] = "Unhalt"


BRAKE = UUID("5b0b8c1e-6a2f-5d0c-9d57-2f0b6c9f0a11")
"""The identity of the brake, and the key of its commands. Durable."""


class RetryFailures(OperationCommand):
    """Delete the records that failed in an operation that has ended: a new operation, for exactly those."""

    type: Literal["RetryFailures"] = "RetryFailures"
    causes: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=255)], ...], Field(max_length=20)] = ()
    """Only those that failed for one of these: an error number, a constraint, or a blocking entity."""
    retry_id: UUID | None = None
    """The new operation's id; without one it follows from the command's."""

    @property
    def new_id(self) -> UUID:
        """The id of the new operation: the same for the same command."""
        return self.retry_id or uuid5(self.operation_id, f"retry/{self.command_id}")


ControlCommand = PauseOperation | ResumeOperation | CancelOperation | PostponeOperation | ThrottleOperation
AnyCommand = SubmitBulkDelete | ControlCommand | RetryFailures | Halt | Unhalt
COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(Annotated[AnyCommand, Field(discriminator="type")])
KINDS = (
    "CancelOperation", "Halt", "PauseOperation", "PostponeOperation", "ResumeOperation", "RetryFailures",
    "SubmitBulkDelete", "ThrottleOperation", "Unhalt",
)  # fmt: skip


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of which no word was lost: JSON allows the same key twice, and then the first is gone."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidJobError("the word stands twice in one object", key[:100])
        found[key] = value
    return found


def not_a_number(text: str) -> Any:
    """NaN and Infinity are no JSON."""
    raise InvalidJobError(f"{text} is not JSON")


def read_json(body: bytes | str) -> Any:
    """What a JSON text says. Raises InvalidJobError where it is no JSON, too deep, or says a word twice."""
    try:
        return json.loads(body, object_pairs_hook=without_repeats, parse_constant=not_a_number)
    except (ValueError, RecursionError) as error:
        raise InvalidJobError(f"not JSON: {error!s:.200}") from None


def read_command(body: bytes | str) -> AnyCommand:
    """The command that a message's body spells. Raises InvalidJobError naming the field and what is accepted."""
    size = len(body if isinstance(body, bytes) else body.encode())
    if size > LARGEST_MESSAGE:
        raise InvalidJobError(f"{size:,} bytes; at most {LARGEST_MESSAGE:,} are taken")
    value = read_json(body)
    if not isinstance(value, dict):
        raise InvalidJobError("a command is one JSON object")
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InvalidJobError(f"{kind!r:.100} is no command; accepted: {', '.join(KINDS)}", "type")
    try:
        command = COMMANDS.validate_python(value)
    except ValidationError as error:
        raise without_branch(refusal(error), kind) from None
    if isinstance(command, SubmitBulkDelete):
        Job.read(command.job.to_json())
    return command


def without_branch(error: InvalidJobError, kind: str) -> InvalidJobError:
    """The same refusal, its path without the name of the command's type."""
    field = (error.field or "").removeprefix(kind).removeprefix(".")
    return InvalidJobError(error.reason, field or None)


def command_of(kind: type[C], **fields: Any) -> C:
    """A command with an identity of its own. Raises InvalidJobError naming the field and what is accepted."""
    try:
        return kind.model_validate({"command_id": uuid4(), **fields})
    except ValidationError as error:
        raise refusal(error) from None
