"""`bulkdelete schedules`: every schedule, and when it runs next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer

from bulkdelete.domain.errors import OperationNotFoundError
from bulkdelete.domain.scheduling.recurrence import Recurrence
from bulkdelete.domain.scheduling.status import ScheduleStatus
from bulkdelete.domain.wall_time import spoken
from bulkdelete.projections.schedule_reads import schedules
from bulkdelete.service.cli.output import messages
from bulkdelete.service.cli.place import AsCsv, AsJson, StateFolder, asking, names_of
from bulkdelete.service.cli.tables import Form, print_columns, write_rows
from bulkdelete.service.rule_wording import describe_rule

Kafka = Annotated[
    str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Those of a service, from Kafka's topic of events.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("schedules")(list_schedules)


def list_schedules(state: StateFolder = None, kafka: Kafka = None, json: AsJson = False, csv: AsCsv = False) -> None:
    """Every schedule, and when it runs next.

    Example: bulkdelete schedules
    """
    form = Form.of(json, csv)
    try:
        if kafka is not None:
            tell(form, of_service(kafka))
            return
        with asking(state) as reads:
            tell(form, schedules(reads))
    except OperationNotFoundError as error:
        if form is not Form.PEOPLE:
            write_rows(form, names_of(ScheduleStatus), [])
        messages().print(str(error), markup=False)


def of_service(kafka: str) -> list[ScheduleStatus]:
    """The schedules of a service, from its topic of events."""
    # Only here: the libraries of Kafka take a second to load.
    from bulkdelete.service.cli.kafka_options import client_of  # noqa: PLC0415

    with client_of(kafka) as client:
        return client.schedules()


def tell(form: Form, found: Iterable[ScheduleStatus]) -> None:
    """The schedules, for people or for programs."""
    if form is not Form.PEOPLE:
        write_rows(form, names_of(ScheduleStatus), (one.to_json() for one in found))
    elif not print_columns(("ID", "Name", "Next run", "When", "Last operation"), map(row_of, found)):
        messages().print("There is no schedule. bulkdelete apply DIR makes them of a folder of job files.")


def row_of(one: ScheduleStatus) -> tuple[str, ...]:
    """A schedule as a row for people."""
    due = spoken(one.next_run.isoformat(), one.time_zone) if one.next_run else "never" if one.enabled else "disabled"
    when = (
        describe_rule(Recurrence.read(one.recurrence), datetime.fromisoformat(one.starts)) if one.recurrence else "once"
    )
    return str(one.schedule_id)[:8], one.name, due, when, str(one.last_operation_id or "")[:8]
