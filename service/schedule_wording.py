"""Schedules in plain words."""

from __future__ import annotations

from datetime import UTC, datetime

from bulkdelete.domain.job import Job
from bulkdelete.domain.scheduling.recurrence import Recurrence
from bulkdelete.domain.scheduling.timing import MissedPolicy, Overlap
from bulkdelete.domain.wall_time import rfc3339, spoken
from bulkdelete.service.rule_wording import describe_rule, joined

LENGTHS = ((90, 1, "second"), (5400, 60, "minute"), (129_600, 3600, "hour"), (float("inf"), 86_400, "day"))
"""Up to so many seconds one counts in these."""
SKIPPED = {
    "missed": "nobody ran it in time: no clock ran",
    "overlap": "the operation before had not ended",
    "full": "too many are waiting already",
}


def describe(job: Job, start: datetime) -> str:
    """When a schedule runs, in one line."""
    if job.recurrence is None:
        text = f"once, {spoken(rfc3339(job.starts_at), job.zone_name)}" if job.starts_at else "once"
    else:
        text = f"{describe_rule(Recurrence.read(job.recurrence), start)}, {job.zone_name}"
    if job.ends_at is not None:
        text += f", until {job.ends_at:%Y-%m-%d %H:%M}"
    return text


def conditions(job: Job) -> list[str]:
    """What else holds for it, a line each."""
    found = []
    if job.window is not None:
        found.append(f"only {job.window}: at the edge it is postponed to the next opening")
    if job.blackouts:
        found.append(f"never on {joined(list(job.blackouts[:6]))}" + (" …" if len(job.blackouts) > 6 else ""))
    if job.maximum_duration is not None:
        found.append(f"canceled after {job.maximum_duration} of running")
    if job.recurrence is not None:
        skips = job.overlap is Overlap.SKIP
        found.append("while the one before runs, an occurrence " + ("is skipped" if skips else "waits for its end"))
        once = job.missed is MissedPolicy.RUN_ONCE
        found.append("what nobody ran in time " + ("runs once" if once else "is skipped"))
    return found


def distance(instant: datetime, now: datetime | None = None) -> str:
    """`in 3 days`, `2 hours ago`."""
    seconds = (instant - (now or datetime.now(UTC))).total_seconds()
    size = abs(seconds)
    length, unit = next((length, unit) for limit, length, unit in LENGTHS if size < limit)
    number = round(size / length)
    text = f"{number:,} {unit}{'' if number == 1 else 's'}"
    return f"in {text}" if seconds >= 0 else f"{text} ago"


def occurrence_words(instant: datetime, time_zone: str) -> str:
    """`Mon 2027-01-04 02:00 Europe/Oslo   in 40 days`."""
    return f"{spoken(rfc3339(instant), time_zone)}   {distance(instant)}"
