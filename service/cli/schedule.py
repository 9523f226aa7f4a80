"""`bulkdelete schedule …`: one job that recurs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import typer

from bulkdelete.domain.commands import command_of
from bulkdelete.domain.errors import OperationNotFoundError
from bulkdelete.domain.scheduling.commands import (
    CreateSchedule,
    DeleteSchedule,
    DisableSchedule,
    EditSchedule,
    EnableSchedule,
    RunScheduleNow,
    ScheduleCommand,
)
from bulkdelete.domain.scheduling.directory import Entry, identify_schedule, meant
from bulkdelete.domain.scheduling.schedule import Schedule
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.cli.place import AsJson, StateFolder, opened, settings_for
from bulkdelete.service.cli.schedule_telling import as_data, tell_schedule
from bulkdelete.service.cli.tables import results
from bulkdelete.service.jobfile import read_job
from bulkdelete.service.local_schedules import LocalSchedules, local_schedules
from bulkdelete.service.principal import principal

if TYPE_CHECKING:
    from bulkdelete.producers.client import Client

Named = Annotated[str, typer.Argument(metavar="SCHEDULE", help="Its name, or the beginning of its id.")]
JobFile = Annotated[Path, typer.Argument(metavar="JOB", help="The job file, YAML or JSON, with a recurrence.")]
Database = Annotated[
    str | None, typer.Option("--database", help="Where a job runs that names none: a configured name, or an address.")
]
Kafka = Annotated[str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Tell a service on Kafka.")]


@contextmanager
def at_hand(state: Path | None, database: str | None = None, make: bool = False) -> Iterator[LocalSchedules]:
    """The schedules of the event store here."""
    with opened(state, make) as place:
        if place.application is None:
            raise OperationNotFoundError("there is no event store here; tell the service: --kafka")
        with local_schedules(settings_for(state), place.application, database=database) as found:
            yield found


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(no_args_is_help=True, help="One schedule: show, create, edit, enable, run now, …")
    app.add_typer(family, name="schedule")
    family.command("run-now")(run_now)
    for command in (show, create, edit, enable, disable, delete):
        family.command()(command)


def show(schedule: Named, state: StateFolder = None, json: AsJson = False) -> None:
    """What a schedule is, its next five occurrences, what became of the last ones, and its editions.

    Example: bulkdelete schedule show "Old logs"
    """
    with at_hand(state) as place:
        found = place.schedules.schedule(identify_schedule(place.application, schedule))
        if json:
            print_json(as_data(place.application, found))
        else:
            tell_schedule(results(), place.application, found)


def create(
    job: JobFile, state: StateFolder = None, database: Database = None, kafka: Kafka = None, json: AsJson = False
) -> None:
    """Make a schedule of a job file.

    Example: bulkdelete schedule create old-logs.yaml --database shop
    """
    asked = read_job(job)
    if kafka is not None:
        tell(kafka, CreateSchedule, str(uuid4()), job=with_database(asked, database))
        return
    with at_hand(state, database, make=True) as place:
        done(place, place.create(asked), "Created", json)


def edit(
    schedule: Named, job: JobFile, state: StateFolder = None, database: Database = None, kafka: Kafka = None,
    json: AsJson = False,
) -> None:  # fmt: skip
    """Give a schedule another job file: queries, times, everything. Earlier editions stay in its history.

    Example: bulkdelete schedule edit "Old logs" old-logs.yaml
    """
    asked = read_job(job)
    if kafka is not None:
        tell(kafka, EditSchedule, schedule, job=with_database(asked, database))
        return
    with at_hand(state, database) as place:
        schedule_id = identify_schedule(place.application, schedule)
        # Its own, unless the job names one or another is said: as in Python.
        place.address = database or place.schedule(schedule_id).database
        done(place, place.edit(schedule_id, asked), "Edited", json)


def enable(schedule: Named, state: StateFolder = None, kafka: Kafka = None, json: AsJson = False) -> None:
    """Let a schedule run again, from now on.

    Example: bulkdelete schedule enable "Old logs"
    """
    ask(EnableSchedule, "Enabled", schedule, state, kafka, json)


def disable(schedule: Named, state: StateFolder = None, kafka: Kafka = None, json: AsJson = False) -> None:
    """Keep a schedule from running; an operation under way goes on.

    Example: bulkdelete schedule disable "Old logs"
    """
    ask(DisableSchedule, "Disabled", schedule, state, kafka, json)


def run_now(schedule: Named, state: StateFolder = None, kafka: Kafka = None, json: AsJson = False) -> None:
    """Run a schedule once beside its times, at the next tick of `bulkdelete serve`.

    Example: bulkdelete schedule run-now "Old logs"
    """
    ask(RunScheduleNow, "To be run now", schedule, state, kafka, json)


def delete(schedule: Named, state: StateFolder = None, kafka: Kafka = None, json: AsJson = False) -> None:
    """End a schedule for good; its history stays.

    Example: bulkdelete schedule delete "Old logs"
    """
    ask(DeleteSchedule, "Deleted", schedule, state, kafka, json)


def ask(
    kind: type[ScheduleCommand], word: str, schedule: str, state: Path | None, kafka: str | None, json: bool
) -> None:
    """Say it to the service, or record it."""
    if kafka is not None:
        tell(kafka, kind, schedule)
        return
    with at_hand(state) as place:
        done(place, place.ask(kind, identify_schedule(place.application, schedule)), word, json)


def done(place: LocalSchedules, schedule: Schedule, word: str, json: bool) -> None:
    """Tell what was done, and what follows."""
    messages().print(f"{word} at {datetime.now(UTC):%H:%M:%S} UTC: {schedule.job['name']}", markup=False)
    if json:
        print_json(as_data(place.application, schedule))
    else:
        tell_schedule(results(), place.application, schedule, briefly=True)


def with_database(job: Any, database: str | None) -> dict[str, Any]:
    """The job as it is published."""
    return {**job.to_json(), "database": database or job.database}


def tell(kafka: str, kind: type[ScheduleCommand], schedule: str, **fields: Any) -> None:
    """Publish a command."""
    # Only here: the libraries of Kafka take a second to load.
    from bulkdelete.service.cli.kafka_options import client_of  # noqa: PLC0415

    with client_of(kafka) as client:
        schedule_id = identified(client, schedule)
        command: Any = command_of(kind, schedule_id=schedule_id, requested_by=principal(), **fields)
        client.tell(command)
    messages().print(f"asked: {command.type} {schedule_id}", markup=False)


def identified(client: Client, schedule: str) -> UUID:
    """The schedule of a service that is meant: a whole id is taken as it is. Raises ScheduleNotFoundError."""
    try:
        return UUID(schedule)
    except ValueError:
        known = client.known_schedules().values()
        return meant([Entry(one.id, one.job["name"], one.deleted) for one in known], schedule)
