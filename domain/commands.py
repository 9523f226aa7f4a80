"""What can be asked of bulkdelete: one JSON object a command, told apart by `type`."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from uuid import UUID

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


ControlCommand = PauseOperation | ResumeOperation | CancelOperation
AnyCommand = Annotated[
    SubmitBulkDelete | PauseOperation | ResumeOperation | CancelOperation, Field(discriminator="type")
]
COMMANDS: TypeAdapter[SubmitBulkDelete | ControlCommand] = TypeAdapter(AnyCommand)


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


def read_command(body: bytes | str) -> SubmitBulkDelete | ControlCommand:
    """The command that a message's body spells. Raises InvalidJobError naming the field and what is accepted."""
    size = len(body if isinstance(body, bytes) else body.encode())
    if size > LARGEST_MESSAGE:
        raise InvalidJobError(f"{size:,} bytes; at most {LARGEST_MESSAGE:,} are taken")
    value = read_json(body)
    if not isinstance(value, dict):
        raise InvalidJobError("a command is one JSON object")
    kinds = {"SubmitBulkDelete", "PauseOperation", "ResumeOperation", "CancelOperation"}
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in kinds:
        raise InvalidJobError(f"{kind!r:.100} is no command; accepted: {', '.join(sorted(kinds))}", "type")
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
