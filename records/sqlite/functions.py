"""Functions that SQLite lends from Python: times, case, patterns."""

from __future__ import annotations

import bisect
import functools
import json
import re
from typing import Any

from bulkdelete.records.instants import canonical, in_utc, read, spelled, wall, with_offset


@functools.lru_cache(256)
def compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression over a whole text."""
    return re.compile(pattern, re.DOTALL)


def matches(pattern: str, value: object) -> bool | None:
    """Whether a text matches; null of what is no text."""
    return compiled(pattern).fullmatch(value) is not None if isinstance(value, str) else None


def lower(value: object) -> object:
    """A text in lower case; anything else as it is."""
    return value.lower() if isinstance(value, str) else value


@functools.lru_cache(64)
def bounds_of(listed: str) -> tuple[list[list[str]], list[list[str]]]:
    """Intervals in order, of local times and of instants."""
    walls, instants = json.loads(listed)
    return sorted(walls), sorted(instants)


def within(value: object, listed: str) -> bool | None:
    """Whether a time lies in one of many intervals, of which no two overlap; null of what spells no time."""
    found = read(value)
    if found is None:
        return None
    bounds = bounds_of(listed)[0 if found.tzinfo is None else 1]
    text = spelled(found)
    at = bisect.bisect_right(bounds, text, key=lambda one: one[0]) - 1
    return at >= 0 and text < bounds[at][1]


def lend(connection: Any) -> None:
    """Give a connection these functions."""
    for name, arguments, function in (
        ("instant", 1, canonical), ("wall", 1, wall), ("offset", 1, with_offset), ("utc", 2, in_utc),
        ("within", 2, within), ("matches", 2, matches), ("lower", 1, lower),
    ):  # fmt: skip
        connection.create_function(f"bulkdelete_{name}", arguments, function, deterministic=True)
