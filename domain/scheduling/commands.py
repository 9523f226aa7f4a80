"""What can be asked of schedules; and the clock's message."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from bulkdelete.domain.commands import Command, Principal
from bulkdelete.domain.instants import as_naming_of_an_instant, has_zone
from bulkdelete.domain.job import Job


class ScheduleCommand(Command):
    """Something that is asked of one schedule."""

    schedule_id: UUID

    @property
    def subject(self) -> UUID:
        """The schedule."""
        return self.schedule_id


class CreateSchedule(ScheduleCommand):
    """Run the job whenever its recurrence says, or once at its `start_at`."""

    type: Literal["CreateSchedule"] = "CreateSchedule"
    job: Job


class EditSchedule(ScheduleCommand):
    """Give the schedule another job: queries, times, everything. Earlier editions stay in its history."""

    type: Literal["EditSchedule"] = "EditSchedule"
    job: Job


class EnableSchedule(ScheduleCommand):
    """Let it run again, from now on."""

    type: Literal["EnableSchedule"] = "EnableSchedule"


class DisableSchedule(ScheduleCommand):
    """Keep it from running; an operation under way goes on."""

    type: Literal["DisableSchedule"] = "DisableSchedule"


class DeleteSchedule(ScheduleCommand):
    """End it for good; its history stays."""

    type: Literal["DeleteSchedule"] = "DeleteSchedule"


class RunScheduleNow(ScheduleCommand):
    """Run it once beside its times, after the operation that it may have under way."""

    type: Literal["RunScheduleNow"] = "RunScheduleNow"


def with_zone(value: datetime) -> datetime:
    """A tick is an instant."""
    if not has_zone(value):
        raise PydanticCustomError("refused", "a tick is an instant, such as 2027-01-04T02:00:00Z")
    return value


class Tick(BaseModel):
    """The clock says what time it is. Told late, twice, or by several clocks, it changes nothing more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["Tick"] = "Tick"
    at: Annotated[datetime, BeforeValidator(as_naming_of_an_instant), AfterValidator(with_zone)]
    command_id: UUID | None = None
    requested_by: Principal = "clock"


AnyScheduleCommand = CreateSchedule | EditSchedule | EnableSchedule | DisableSchedule | DeleteSchedule | RunScheduleNow
