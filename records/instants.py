"""Times that SQLite keeps as text: the instant they spell, in one form that compares as text."""

from __future__ import annotations

import datetime
import re
from zoneinfo import ZoneInfo

ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)


def canonical(value: object) -> str | None:
    """`2024-01-31 13:00:00.000000` in UTC for whatever ISO 8601 spelling; None for what spells no instant."""
    found = read(value)
    return None if found is None else spelled(found)


def wall(value: object) -> str | None:
    """The same of a time that names no offset; None of one that does."""
    found = read(value)
    return None if found is None or found.tzinfo is not None else spelled(found)


def with_offset(value: object) -> str | None:
    """The same of a time that names its offset; None of one that does not."""
    found = read(value)
    return None if found is None or found.tzinfo is None else spelled(found)


def in_utc(value: object, zone: str) -> str | None:
    """The same, a time that names no offset being one of this zone."""
    found = read(value)
    if found is None:
        return None
    try:
        return spelled((found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(datetime.UTC))
    except OverflowError:
        return None


def read(value: object) -> datetime.datetime | None:
    """The time that a text spells, in UTC where it names an offset."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not ISO.fullmatch(text):
        return None
    try:
        found = datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text).replace(" Z", "Z"))
        return found.astimezone(datetime.UTC) if found.tzinfo is not None else found
    except (ValueError, OverflowError):
        return None


def spelled(instant: datetime.datetime) -> str:
    """The canonical spelling; a time without a zone is in UTC."""
    return instant.replace(tzinfo=None).isoformat(" ", "microseconds")
