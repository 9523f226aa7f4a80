"""What can be asked of bulkdelete: one JSON object a command, told apart by `type`."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.refusals import refusal

LARGEST_MESSAGE = 768 * 1024
"""Bytes of any one message."""


def one_line(value: Any) -> Any:
    """A principal is one line of text that can be shown anywhere."""
    if isinstance(value, str) and not value.isprintable():
        raise PydanticCustomError("refused", "a principal is one line of printable text")
    return value


class Command(BaseModel):
    """Something a principal asks for; delivered again later it changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command_id: UUID
    operation_id: UUID
    requested_by: Annotated[str, Field(min_length=1, max_length=320), BeforeValidator(one_line)]


class SubmitBulkDelete(Command):
    """Delete the records that the job's queries find."""

    type: Literal["SubmitBulkDelete"] = "SubmitBulkDelete"
    job: Job


class PauseOperation(Command):
    """Stop deleting until resumed."""

    type: Literal["PauseOperation"] = "PauseOperation"


class ResumeOperation(Command):
    """Go on after a pause."""

    type: Literal["ResumeOperation"] = "ResumeOperation"


class CancelOperation(Command):
    """Stop deleting for good; what is deleted stays deleted."""

    type: Literal["CancelOperation"] = "CancelOperation"


class RetryFailures(Command):
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


ControlCommand = PauseOperation | ResumeOperation | CancelOperation
OperationCommand = ControlCommand | RetryFailures
"""What is asked of an operation that is there already."""
AnyCommand = SubmitBulkDelete | OperationCommand
COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(Annotated[AnyCommand, Field(discriminator="type")])
KINDS = frozenset({"SubmitBulkDelete", "PauseOperation", "ResumeOperation", "CancelOperation", "RetryFailures"})


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
        raise InvalidJobError(f"{kind!r:.100} is no command; accepted: {', '.join(sorted(KINDS))}", "type")
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
