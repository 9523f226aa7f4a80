"""Timing: what a job says about when it runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.instants import (
    as_naming_of_an_instant,
    has_zone,
    in_utc,
    refuse_naive,
)
from bulkdelete.domain.meaning import Meaning
from bulkdelete.domain.scheduling.recurrence import Recurrence
from bulkdelete.domain.scheduling.timetable import Timetable
from bulkdelete.domain.scheduling.windows import Days, Hours, Window
from bulkdelete.domain.scheduling.zones import wall_of
from bulkdelete.domain.wall_time import DEFAULT_ZONE

DURATION = re.compile(r"([0-9]{1,6})\s*(s|min|m|h|d)")
SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}
MOST_BLACKOUTS = 400
FIRST_YEAR, LAST_YEAR = 1970, 9000


class Overlap(StrEnum):
    """What becomes of an occurrence while the operation of the one before has not ended."""

    SKIP = "skip"
    QUEUE = "queue"


class MissedPolicy(StrEnum):
    """What becomes of occurrences that nobody ran in time: no clock ran."""

    RUN_ONCE = "run_once"
    SKIP = "skip"


def as_rule(value: Any) -> Any:
    """A rule as it is always written; an empty text is none, as in Dataverse."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise PydanticCustomError("refused", "a recurrence is a text, such as FREQ=WEEKLY;BYDAY=MO,TH")
    try:
        return str(Recurrence.read(value))
    except InvalidJobError as error:
        raise PydanticCustomError("refused", "{reason}", {"reason": error.reason}) from None


def as_duration(value: Any) -> Any:
    """`90 min`, `6h`, or as ISO 8601 says it."""
    if isinstance(value, str) and (found := DURATION.fullmatch(value.strip())):
        value = timedelta(seconds=int(found[1]) * SECONDS[found[2]])
    if not isinstance(value, timedelta | str):
        raise PydanticCustomError("refused", 'a duration is a text: "6h", "90 min" or "PT6H"')
    return value


Moment = Annotated[datetime | None, BeforeValidator(lambda one: one and as_naming_of_an_instant(one))]
Duration = Annotated[timedelta, BeforeValidator(as_duration), Field(ge=timedelta(seconds=1), le=timedelta(days=366))]


class Timing(Meaning):
    """When a job runs. `start_at` and `ends_at` are instants, or times on the wall of `time_zone`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    start_at: Moment = None
    """Nothing is done before; without an offset a local time in `time_zone`."""
    recurrence: Annotated[str | None, BeforeValidator(as_rule)] = None
    ends_at: Moment = None
    """After it nothing of the recurrence is due."""
    overlap: Overlap = Overlap.SKIP
    missed: MissedPolicy = MissedPolicy.RUN_ONCE
    window: Window | None = None
    blackouts: Annotated[tuple[Days, ...], Field(max_length=MOST_BLACKOUTS)] = ()
    """Days on which nothing is deleted."""
    maximum_duration: Duration | None = None
    """Of each operation, pauses not counted; then it is canceled."""

    @model_validator(mode="after")
    def says_which_zone(self) -> Self:
        """A time without its zone has sent many a job to sleep for the size of an offset (spec §2.2)."""
        for name in ("start_at", "ends_at"):
            value: datetime | None = getattr(self, name)
            if value is not None and not has_zone(value) and self.time_zone is None:
                refuse_naive("Job", name, value)
            if value is not None and not FIRST_YEAR <= value.year <= LAST_YEAR:
                raise PydanticCustomError(
                    "refused", "{name}: a year from {first} to {last} is accepted",
                    {"name": name, "first": FIRST_YEAR, "last": LAST_YEAR},
                )  # fmt: skip
        if self.recurrence and self.start_at and self.start_at.utcoffset() and self.time_zone is None:
            raise PydanticCustomError("refused", "a recurrence needs a time_zone: an offset alone does not say what"
                                      " the clock on the wall shows in half a year")  # fmt: skip
        if not self.recurrence and (
            self.ends_at or self.overlap != Overlap.SKIP or self.missed != MissedPolicy.RUN_ONCE
        ):
            raise PydanticCustomError(
                "refused", "ends_at, overlap and missed are for a job with a recurrence; it has none"
            )
        if (self.window or self.blackouts) and self.hours().opening(datetime(2026, 1, 1, tzinfo=UTC)) is None:
            raise PydanticCustomError("refused", "the blackouts leave no day on which it may run")
        return self

    @property
    def zone_name(self) -> str:
        """The zone whose clock counts."""
        return self.time_zone or DEFAULT_ZONE

    @property
    def starts_at(self) -> datetime | None:
        """The instant before which nothing is done, in UTC."""
        return in_utc(self.start_at, self.zone_name) if self.start_at else None

    def timetable(self, start: datetime) -> Timetable:
        """When it is due; `start` is the time on the wall from which the recurrence counts."""
        rule = Recurrence.read(self.recurrence) if self.recurrence else None
        return Timetable(start, self.zone, rule, in_utc(self.ends_at, self.zone_name) if self.ends_at else None)

    def start_wall(self, otherwise: datetime) -> datetime:
        """The time on the wall from which it counts: of `start_at`, else of that instant."""
        if self.start_at is not None and not has_zone(self.start_at):
            return self.start_at.replace(microsecond=0)
        return wall_of(self.start_at or otherwise, self.zone).replace(microsecond=0)

    def hours(self) -> Hours:
        """When its operations may run."""
        return Hours(self.zone, self.window, self.blackouts)


SCHEDULE_WORDS = ("start_at", "recurrence", "ends_at", "overlap", "missed")
"""What says when operations begin; the rest holds for each operation."""
UNSAID: dict[str, tuple[Any, ...]] = {
    "overlap": (Overlap.SKIP.value,), "missed": (MissedPolicy.RUN_ONCE.value,), "blackouts": ([],),
}  # fmt: skip
"""What a job says of its timing where it says nothing, besides null."""
