"""Schedules as the views answer them, typed. `to_json` is what the command line prints; its field names are stable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bulkdelete.domain.scheduling.status import ScheduleStatus
from bulkdelete.projections.reads import Reads


def schedules(reads: Reads) -> Iterator[ScheduleStatus]:
    """Every schedule that was not deleted, what is due first at the top."""
    for row in reads.rows("schedules"):
        yield ScheduleStatus(*map(in_utc, row))


def in_utc(value: Any) -> Any:
    """An instant with its zone; anything else as it is."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
