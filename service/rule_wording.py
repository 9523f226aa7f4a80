"""Recurrences in plain words."""

from __future__ import annotations

from datetime import datetime

from bulkdelete.domain.scheduling.recurrence import Recurrence

UNITS = {
    "YEARLY": "year", "MONTHLY": "month", "WEEKLY": "week", "DAILY": "day", "HOURLY": "hour", "MINUTELY": "minute",
    "SECONDLY": "second",
}  # fmt: skip
DAYS = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
    "SU": "Sunday",
}  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def joined(words: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def ordinal(number: int) -> str:
    """`1st`, `last`, `2nd to last`."""
    size = abs(number)
    ending = "th" if size % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(size % 10, "th")
    if number > 0:
        return f"{size}{ending}"
    return "last" if number == -1 else f"{size}{ending} to last"


def describe_rule(rule: Recurrence, start: datetime) -> str:
    """`every 2 weeks on Monday and Thursday at 02:00`; the start says what the rule leaves open."""
    unit = UNITS[rule.frequency]
    text = f"every {unit}" if rule.interval == 1 else f"every {rule.interval:,} {unit}s"
    text += days_of(rule, start)
    if rule.by.get("BYMONTH"):
        text += f" in {joined([MONTHS[one - 1] for one in rule.by['BYMONTH']])}"
    if rule.by.get("BYWEEKNO"):
        text += f" in week {joined([str(one) for one in rule.by['BYWEEKNO']])}"
    if rule.by.get("BYSETPOS"):
        text += f", of these only the {joined([ordinal(one) for one in rule.by['BYSETPOS']])}"
    text += times_of(rule, start)
    if rule.count is not None:
        text += ", once" if rule.count == 1 else f", {rule.count:,} times"
    if rule.until is not None:
        text += f", until {rule.until.value:{'%Y-%m-%d' if rule.until.is_day else '%Y-%m-%d %H:%M'}}"
    if rule.excluded:
        text += f", but not on {joined([f'{one.value:%Y-%m-%d}' for one in rule.excluded[:5]])}"
        text += f" and {len(rule.excluded) - 5:,} more" if len(rule.excluded) > 5 else ""
    return text


def days_of(rule: Recurrence, start: datetime) -> str:
    """On which days."""
    found = []
    if rule.by_day:
        named = [f"the {ordinal(n)} {DAYS[day]}" if n else DAYS[day] for n, day in rule.by_day]
        found.append(joined(named))
    if rule.by.get("BYMONTHDAY"):
        found.append(f"the {joined([ordinal(one) for one in rule.by['BYMONTHDAY']])} day of the month")
    if rule.by.get("BYYEARDAY"):
        found.append(f"the {joined([ordinal(one) for one in rule.by['BYYEARDAY']])} day of the year")
    if found:
        return f" on {' that is '.join(found)}"
    match rule.frequency:
        case "YEARLY" if not rule.by:
            return f" on {start.day} {MONTHS[start.month - 1]}"
        case "YEARLY" | "MONTHLY" if "BYWEEKNO" not in rule.by:
            return f" on the {ordinal(start.day)}"
        case "WEEKLY":
            return f" on {start:%A}"
    return ""


def times_of(rule: Recurrence, start: datetime) -> str:
    """At which times of the day, where there are few."""
    if rule.frequency in {"HOURLY", "MINUTELY", "SECONDLY"}:
        words = [f"{name} {joined([f'{one:02}' for one in rule.by[part][:8]])}{' …' if len(rule.by[part]) > 8 else ''}"
                 for part, name in (("BYHOUR", "in hour"), ("BYMINUTE", "at minute"), ("BYSECOND", "at second"))
                 if part in rule.by]  # fmt: skip
        return "".join(f", {one}" for one in words)
    hours = rule.by.get("BYHOUR", (start.hour,))
    minutes = rule.by.get("BYMINUTE", (start.minute,))
    seconds = rule.by.get("BYSECOND", (start.second,))
    clocks = [f"{hour:02}:{minute:02}" + (f":{second:02}" if second or len(seconds) > 1 else "")
              for hour in sorted(hours) for minute in sorted(minutes) for second in sorted(seconds)]  # fmt: skip
    return f" at {joined(clocks)}" if len(clocks) <= 6 else f" at {clocks[0]}, {clocks[1]} … {clocks[-1]}"
