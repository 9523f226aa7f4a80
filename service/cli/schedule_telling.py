"""A schedule, for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.job import Job
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.domain.wall_time import rfc3339, spoken
from bulkdelete.service.schedule_wording import SKIPPED, conditions, describe, occurrence_words

NEXT, LAST = 5, 8


def next_runs(schedule: Schedule) -> list[datetime]:
    """The next occurrences, from the one that is noted on; of a disabled one those that it would have."""
    if schedule.next_run is not None:
        first = datetime.fromisoformat(schedule.next_run)
        return [first, *schedule.timetable.some(first, NEXT - 1)]
    return [] if schedule.enabled else schedule.timetable.some(datetime.now(UTC), NEXT)


def happened(application: BulkDeletes, schedule: Schedule) -> list[Any]:
    """Its events, in order."""
    return list(application.events.get(schedule.id))


def as_data(application: BulkDeletes, schedule: Schedule) -> dict[str, Any]:
    """A schedule as one JSON object."""
    job = Job.read(schedule.job)
    return {
        "schedule_id": str(schedule.id), "name": job.name, "next_run": schedule.next_run,
        "recurrence": job.recurrence, "time_zone": job.zone_name, "enabled": schedule.enabled,
        "deleted": schedule.deleted, "last_operation_id": schedule.last_operation_id,
        "last_occurrence": schedule.last_occurrence, "in_words": describe(job, starts(schedule)),
        "next_runs": [rfc3339(one) for one in next_runs(schedule)], "waiting": schedule.waiting,
        "database": schedule.database, "requested_by": schedule.requested_by, "revision": schedule.revision,
        "job": schedule.job,
        "history": [
            {"type": type(one).__name__, "at": rfc3339(one.timestamp), **fields(one)}
            for one in happened(application, schedule)
        ],
    }  # fmt: skip


def fields(event: Any) -> dict[str, Any]:
    """An event's own fields."""
    hidden = {"originator_id", "originator_version", "originator_topic", "timestamp"}
    return {name: value for name, value in vars(event).items() if name not in hidden}


def starts(schedule: Schedule) -> datetime:
    """The time on the wall from which its recurrence counts."""
    return datetime.fromisoformat(schedule.starts)


def tell_schedule(console: Console, application: BulkDeletes, schedule: Schedule, briefly: bool = False) -> None:
    """What a schedule is, and when it runs."""
    job = Job.read(schedule.job)
    state = "deleted" if schedule.deleted else "enabled" if schedule.enabled else "disabled"
    console.print(f"[bold]{escape(job.name)}[/]   {schedule.id}   {state}")
    console.print(f"  {escape(describe(job, starts(schedule)))}")
    if not briefly:
        entities = ", ".join(dict.fromkeys(query.entity_name for query in job.queries))
        who = f"by {schedule.requested_by} on {schedule.database}: {entities}; edition {schedule.revision}"
        console.print("  " + escape(who))
        for line in conditions(job):
            console.print(f"  {escape(line)}", style="dim")
    tell_next(console, schedule, job.zone_name)
    if not briefly:
        tell_past(console, happened(application, schedule), job.zone_name)


def tell_next(console: Console, schedule: Schedule, time_zone: str) -> None:
    """The occurrences that follow."""
    if schedule.deleted:
        return
    for planned in schedule.waiting:
        when = spoken(planned["occurrence"], time_zone)
        console.print(f"  waiting   {when}   operation {planned['operation_id'][:8]}")
    found = next_runs(schedule)
    head = "next" if schedule.enabled else "would run"
    for at, one in enumerate(found):
        console.print(f"  {head if at == 0 else '':9}  {occurrence_words(one, time_zone)}", markup=False)
    if not found:
        console.print("  it has no more occurrences")


def tell_past(console: Console, events: list[Any], time_zone: str) -> None:
    """What became of the last occurrences, and who changed what."""
    lines = [line for event in events if (line := past_words(event, time_zone))]
    left_out = len(lines) - LAST
    if left_out > 0:
        console.print(f"  … {left_out:,} earlier steps: --json has them", style="dim")
    for line in lines[-LAST:]:
        console.print(f"  {line}", markup=False)


def past_words(event: Any, time_zone: str) -> str:
    """A step in the life of a schedule, in a line."""
    at = f"{event.timestamp:%Y-%m-%d %H:%M:%S}"
    match event:
        case Schedule.Occurred():
            return f"{at}  ran {spoken(event.occurrence, time_zone)} as operation {event.operation_id[:8]}"
        case Schedule.OccurrencesSkipped():
            many = "more than 1,000" if event.count is None else f"{event.count:,}"
            until = f" to {spoken(event.last, time_zone)}" if event.last != event.first else ""
            which = f"{spoken(event.first, time_zone)}{until} ({many})"
            return f"{at}  skipped {which}: {SKIPPED.get(event.reason, event.reason)}"
        case Schedule.OccurrenceRefused():
            return f"{at}  could not run {spoken(event.occurrence, time_zone)}: {event.reason}"
        case Schedule.OccurrenceQueued():
            return f"{at}  queued {spoken(event.occurrence, time_zone)}: the operation before had not ended"
        case Schedule.Edited():
            return f"{at}  edition {event.revision} by {event.requested_by}"
        case Schedule.CommandRefused():
            return f"{at}  {event.command} by {event.requested_by} refused: {event.reason}"
        case Schedule.RunRequested():
            return f"{at}  asked to run now by {event.requested_by}"
        case _:
            return f"{at}  {type(event).__name__.lower()} by {event.requested_by}"
