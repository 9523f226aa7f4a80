"""Reading a command from a message: every kind that there is, the clock's ticks too."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from bulkdelete.domain.commands import AnyCommand, read_command, read_json, without_branch
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.refusals import refusal
from bulkdelete.domain.scheduling.commands import AnyScheduleCommand, CreateSchedule, EditSchedule, Tick

OTHER = AnyScheduleCommand | Tick
OTHERS: TypeAdapter[OTHER] = TypeAdapter(Annotated[OTHER, Field(discriminator="type")])
AnyMessage = AnyCommand | OTHER
MESSAGES: TypeAdapter[AnyMessage] = TypeAdapter(Annotated[AnyMessage, Field(discriminator="type")])
KINDS = {
    "CreateSchedule", "EditSchedule", "EnableSchedule", "DisableSchedule", "DeleteSchedule", "RunScheduleNow", "Tick",
}  # fmt: skip
"""Besides those that `commands` reads."""


def read_message(body: bytes | str) -> AnyMessage:
    """The command or tick that a message's body spells. Raises InvalidJobError naming the field."""
    if (kind := kind_of(body)) not in KINDS:
        return read_command(body)
    try:
        found = OTHERS.validate_python(read_json(body))
    except ValidationError as error:
        raise without_branch(refusal(error), kind) from None
    if isinstance(found, CreateSchedule | EditSchedule):
        type(found.job).read(found.job.to_json())
    return found


def kind_of(body: bytes | str) -> str:
    """What the message says of its own kind; nothing where it says none that can be read."""
    try:
        value: Any = read_json(body)
    except InvalidJobError:
        return ""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""
