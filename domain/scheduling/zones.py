"""What a clock on the wall means in a time zone.

A time that is missing (the clock is set forward) counts as if it had not been set yet: 02:30 happens at 03:30. One
that comes twice means the first (RFC 5545 §3.3.5).
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant in UTC of a time on the wall."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def wall_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows at an instant."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def is_missing(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock on the wall never shows that time."""
    return wall_of(instant_of(wall, zone), zone) != wall
