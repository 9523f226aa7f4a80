"""What a job says of the meaning of its queries: the time zone, the user, the fiscal year, how texts compare, now."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bulkdelete.domain.query.terms import UTC, Fiscal, FiscalPeriod, Terms, User
from bulkdelete.domain.query.tree import TextMode
from bulkdelete.domain.query.values import PlainValue, refused
from bulkdelete.domain.zones import as_zone

MOST_TEAMS = 1_000


def as_month_and_day(value: Any) -> Any:
    """`04-01`: the month and day a fiscal year starts on, one that every year has."""
    found = re.fullmatch(r"(\d\d)-(\d\d)", value, re.ASCII) if isinstance(value, str) else None
    try:
        if found is None:
            raise ValueError
        datetime.date(2023, int(found[1]), int(found[2]))
    except ValueError:
        raise refused(f'{value!r:.100} is no month and day that every year has; such as "04-01"') from None
    return value


def as_instant(value: Any) -> Any:
    """An instant: a time with its offset, kept as text."""
    text = value.isoformat() if isinstance(value, datetime.datetime) else value
    try:
        found = datetime.datetime.fromisoformat(text) if isinstance(text, str) else None
        if found is None or found.tzinfo is None:
            raise ValueError
        found.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise refused(
            f"{value!r:.100} is no instant; a time with its offset is, such as 2024-01-31T13:00:00Z"
        ) from None
    return text


class JobUser(BaseModel):
    """The user that operators such as `EqualUserId` mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: PlainValue
    business_unit: PlainValue | None = None
    teams: Annotated[tuple[PlainValue, ...] | None, Field(max_length=MOST_TEAMS, strict=False)] = None
    language: Annotated[int | None, Field(strict=True)] = None

    @property
    def user(self) -> User:
        """As queries know it."""
        return User(self.id, self.business_unit, self.teams, self.language)


def as_user(value: Any) -> Any:
    """A user's id alone is a user of whom nothing else is said."""
    return {"id": value} if isinstance(value, str | int) and not isinstance(value, bool) else value


class Meaning(BaseModel):
    """The settings of a job that say what its queries mean."""

    time_zone: Annotated[str | None, BeforeValidator(as_zone)] = None
    """Of days, and of columns that store none unless a catalogue says another. Default: UTC."""
    user: Annotated[JobUser | None, BeforeValidator(as_user)] = None
    fiscal_year_start: Annotated[str | None, BeforeValidator(as_month_and_day)] = None
    """Month and day. Default: 01-01."""
    fiscal_period: Annotated[FiscalPeriod | None, Field(strict=False)] = None
    """Default: quarterly."""
    text: Annotated[TextMode | None, Field(strict=False)] = None
    """How texts compare in queries that do not say it. Default: as the database's own collation."""
    now: Annotated[str | None, BeforeValidator(as_instant)] = None
    """What relative dates refer to. Default: the cut-off, when the run begins."""

    @model_validator(mode="before")
    @classmethod
    def take_null_for_nothing(cls, value: Any) -> Any:
        """A setting that is null is not set."""
        if isinstance(value, dict):
            unset = [name for name in Meaning.model_fields if name in value and value[name] is None]
            return {name: one for name, one in value.items() if name not in unset}
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return UTC if self.time_zone is None else ZoneInfo(self.time_zone)

    @property
    def chosen_now(self) -> datetime.datetime | None:
        """The instant that the job chose for now."""
        return None if self.now is None else datetime.datetime.fromisoformat(self.now).astimezone(datetime.UTC)

    def terms(self, cut_off: datetime.datetime) -> Terms:
        """What the queries' words refer to in a run with this cut-off."""
        month, day = (self.fiscal_year_start or "01-01").split("-")
        return Terms(
            self.chosen_now or cut_off,
            self.zone,
            Fiscal(int(month), int(day), self.fiscal_period or FiscalPeriod.QUARTERLY),
            None if self.user is None else self.user.user,
            self.text or TextMode.DATABASE,
        )

    def cut_off(self, clock: datetime.datetime) -> datetime.datetime:
        """The run's cut-off: the earlier of the database's clock and the chosen now."""
        return clock if self.chosen_now is None else min(clock, self.chosen_now)
