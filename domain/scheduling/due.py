"""What becomes of the occurrences that are due at an instant: run, queued behind the one before, or skipped.

What is due for less than `GRACE` came in time. What is older was missed: no clock ran.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bulkdelete.domain.job import Job
from bulkdelete.domain.scheduling.course import Planned
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.scheduling.timetable import Missed
from bulkdelete.domain.scheduling.timing import MissedPolicy, Overlap

GRACE = timedelta(minutes=15)
MOST_WAITING = 100
MOST_FRESH = 1000


def take_due(schedule: Schedule, at: datetime, is_busy: bool) -> Planned | None:
    """Record what is due; returns the occurrence that is to become an operation now, if one is.

    `is_busy`: the operation of the last occurrence has not ended.
    """
    if schedule.deleted:
        return None
    job = Job.read(schedule.job)
    chosen = None
    if schedule.next_run is not None and (first := datetime.fromisoformat(schedule.next_run)) <= at:
        late = schedule.timetable.missed(first, at - GRACE)
        fresh = schedule.timetable.between(max(first, at - GRACE), at, MOST_FRESH)
        if job.missed is MissedPolicy.RUN_ONCE and late is not None and not fresh:
            fresh, late = [late.last], late.all_but_last
        if job.overlap is Overlap.QUEUE:
            chosen = in_turn(schedule, late, fresh, is_busy)
        else:
            chosen = only_one(schedule, late, fresh, is_busy)
    if chosen is None and schedule.waiting and not is_busy:
        return schedule.waiting[0]
    return schedule.planned(chosen) if chosen is not None else None


def in_turn(schedule: Schedule, late: Missed | None, fresh: Sequence[datetime], is_busy: bool) -> datetime | None:
    """Each of them, one after another."""
    if late is not None:
        schedule.skip(late, "missed")
    if len(fresh) == 1 and not is_busy and not schedule.waiting:
        return fresh[0]
    room = max(0, MOST_WAITING - len(schedule.waiting))
    for occurrence in fresh[:room]:
        schedule.queue(occurrence)
    if (left := Missed.of(fresh[room:])) is not None:
        schedule.skip(left, "full")
    return None


def only_one(schedule: Schedule, late: Missed | None, fresh: Sequence[datetime], is_busy: bool) -> datetime | None:
    """The latest of them, and not even that while the one before runs."""
    earlier = late.and_then(fresh[:-1]) if late is not None else Missed.of(fresh[:-1])
    if earlier is not None:
        schedule.skip(earlier, "missed")
    if fresh and (is_busy or schedule.waiting):
        schedule.skip(Missed(fresh[-1], fresh[-1]), "overlap")
        return None
    return fresh[-1] if fresh else None
