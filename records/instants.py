"""Times that SQLite keeps as text: the instant they spell, in one form that compares as text."""

from __future__ import annotations

import datetime
import re

ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)


def canonical(value: object) -> str | None:
    """`2024-01-31 13:00:00.000000` in UTC for whatever ISO 8601 spelling; None for what spells no instant."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not ISO.fullmatch(text):
        return None
    try:
        found = datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text).replace(" Z", "Z"))
        if found.tzinfo is not None:
            found = found.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
    return spelled(found)


def spelled(instant: datetime.datetime) -> str:
    """The canonical spelling; a time without a zone is in UTC."""
    return instant.replace(tzinfo=None).isoformat(" ", "microseconds")
