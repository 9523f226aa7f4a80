"""The text of a recurrence: its parts, each with what is accepted. (`recurrence` says what they mean.)"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.spelling import suggestion

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NUMBERS: dict[str, tuple[int, int]] = {
    "BYSECOND": (0, 59), "BYMINUTE": (0, 59), "BYHOUR": (0, 23), "BYMONTHDAY": (-31, 31), "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-53, 53), "BYMONTH": (1, 12), "BYSETPOS": (-366, 366),
}  # fmt: skip
PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "EXDATE", "WKST", "BYDAY", *NUMBERS)
LONGEST = 2000
BYDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
MOMENT = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")


@dataclass(frozen=True)
class Moment:
    """What UNTIL and EXDATE name: a day, a time on the wall, or an instant."""

    text: str

    @property
    def is_day(self) -> bool:
        """Whether the whole day is meant."""
        return "T" not in self.text

    @property
    def is_instant(self) -> bool:
        """Whether it is the same for all zones."""
        return self.text.endswith("Z")

    @property
    def value(self) -> datetime:
        """The instant in UTC, or the time on the wall without a zone; a day's midnight."""
        form = "%Y%m%d" if self.is_day else "%Y%m%dT%H%M%S"
        found = datetime.strptime(self.text.removesuffix("Z"), form)
        return found.replace(tzinfo=UTC) if self.is_instant else found


def refused(reason: str) -> InvalidJobError:
    """The recurrence cannot be used."""
    return InvalidJobError(reason, "recurrence")


def parts_of(text: str) -> dict[str, str]:
    """Name → value, in capitals. Lines `RRULE:` and `EXDATE:` of a calendar file are taken as well."""
    if len(text) > LONGEST:
        raise refused(f"{len(text):,} characters; at most {LONGEST:,} are taken")
    found: dict[str, str] = {}
    for line in text.upper().split():
        name, colon, rest = line.partition(":")
        if colon and name == "EXDATE":
            rest = f"EXDATE={rest}"
        elif colon and name != "RRULE":
            raise refused(f"{name!r:.40} is no line of it; accepted: RRULE:, EXDATE:")
        for part in filter(None, (rest if colon else line).split(";")):
            name, equals, value = part.partition("=")
            if name not in PARTS or not equals or not value:
                near = suggestion(name, PARTS)
                raise refused(f"{part!r:.60} is no part of a rule{near or '; accepted: ' + ', '.join(PARTS)}")
            if name in found:
                raise refused(f"{name} stands twice")
            found[name] = value
    return found


def listed(name: str, parts: dict[str, str]) -> list[str]:
    """The values of a part, between commas."""
    return parts[name].split(",") if name in parts else []


def one_of(name: str, value: str, accepted: tuple[str, ...]) -> str:
    """A word that is accepted."""
    if value not in accepted:
        raise refused(f"{name}={value:.40} is unknown; accepted: {', '.join(accepted)}")
    return value


def number(name: str, text: str, least: int, most: int, zero: bool = True) -> int:
    """A whole number within its limits."""
    value = int(text) if re.fullmatch(r"[+-]?[0-9]{1,6}", text) else None
    if value is None or not least <= value <= most or (value == 0 and not zero):
        raise refused(f"{name}={text:.40} is no number from {least} to {most}" + ("" if zero else " but 0"))
    return value


def weekday(text: str) -> tuple[int | None, str]:
    """A day of the week, with its number in the month or year."""
    found = BYDAY.fullmatch(text)
    n = int(found[1]) if found and found[1] else None
    if found is None or n == 0 or (n and abs(n) > 53):
        raise refused(f"BYDAY={text:.40} is no day; accepted: {', '.join(WEEKDAYS)}, with a number as in 1MO, -1FR")
    return n, found[2]


def moment(name: str, text: str) -> Moment:
    """A day (20271224), a time on the wall (20271224T020000) or an instant (20271224T020000Z)."""
    found = Moment(text)
    try:
        if not MOMENT.fullmatch(text) or found.value.year < 1970:
            raise ValueError
    except ValueError:
        raise refused(f"{name}={text:.40} is no time; accepted: 20271224, 20271224T020000, 20271224T010000Z") from None
    return found
