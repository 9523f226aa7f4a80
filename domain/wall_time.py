"""Instants as text: for programs, and for people on the clock of a time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

DEFAULT_ZONE = "UTC"


def rfc3339(value: datetime) -> str:
    """An instant in UTC as text."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def spoken(instant: str, time_zone: str) -> str:
    """`Mon 2027-01-04 02:00 Europe/Oslo`."""
    local = datetime.fromisoformat(instant).astimezone(ZoneInfo(time_zone))
    seconds = ":%S" if local.second else ""
    return f"{local:%a %Y-%m-%d %H:%M{seconds}} {time_zone}"
