"""Terms: what a query's words refer to in one run: now, the time zone, the fiscal year, the user, how texts compare."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from bulkdelete.domain.query.tree import TextMode, Value

UTC = ZoneInfo("UTC")


class FiscalPeriod(StrEnum):
    """How a fiscal year is divided."""

    ANNUALLY = "annually"
    SEMIANNUALLY = "semiannually"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"
    FOURWEEKLY = "fourweekly"
    """Thirteen times 28 days; the day or two that are left belong to no period."""

    @property
    def periods(self) -> int:
        """Periods in a year."""
        return {"annually": 1, "semiannually": 2, "quarterly": 4, "monthly": 12, "fourweekly": 13}[self.value]


@dataclass(frozen=True)
class Fiscal:
    """The fiscal year: the month and day it starts on, and its periods. It is named by the year it starts in."""

    month: int = 1
    day: int = 1
    period: FiscalPeriod = FiscalPeriod.QUARTERLY


@dataclass(frozen=True)
class User:
    """The user that a query means by its own user; None: not said."""

    id: Value
    business_unit: Value | None = None
    teams: tuple[Value, ...] | None = None
    language: int | None = None


@dataclass(frozen=True)
class Terms:
    """What a query's words refer to. `now` is an instant with a zone; `zone` that of days and of local times."""

    now: datetime.datetime
    zone: ZoneInfo = UTC
    fiscal: Fiscal = Fiscal()
    user: User | None = None
    text: TextMode = TextMode.DATABASE

    @property
    def local_now(self) -> datetime.datetime:
        """Now, in the zone."""
        return self.now.astimezone(self.zone)
