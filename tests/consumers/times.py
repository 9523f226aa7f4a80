"""Clocks that tests move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Seconds that pass when told to; and the time of day, which may jump besides."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.jumped = timedelta()

    def __call__(self) -> float:
        return self.seconds

    def day(self) -> datetime:
        """The time of day."""
        return datetime(2027, 1, 4, tzinfo=UTC) + timedelta(seconds=self.seconds) + self.jumped
