"""`bulkdelete schedules`: every schedule, and when it runs next."""

from __future__ import annotations

from datetime import datetime

import typer

from bulkdelete.domain.errors import OperationNotFoundError
from bulkdelete.domain.scheduling.recurrence import Recurrence
from bulkdelete.domain.wall_time import spoken
from bulkdelete.projections.schedule_reads import ScheduleStatus, schedules
from bulkdelete.service.cli.output import messages
from bulkdelete.service.cli.place import AsCsv, AsJson, StateFolder, asking, names_of
from bulkdelete.service.cli.tables import Form, print_columns, write_rows
from bulkdelete.service.rule_wording import describe_rule


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("schedules")(list_schedules)


def list_schedules(state: StateFolder = None, json: AsJson = False, csv: AsCsv = False) -> None:
    """Every schedule, and when it runs next.

    Example: bulkdelete schedules
    """
    form = Form.of(json, csv)
    try:
        with asking(state) as reads:
            if form is Form.PEOPLE:
                heads = ("ID", "Name", "Next run", "When", "Last operation")
                if not print_columns(heads, (row_of(one) for one in schedules(reads))):
                    messages().print("There is no schedule. bulkdelete apply DIR makes them of a folder of job files.")
            else:
                write_rows(form, names_of(ScheduleStatus), (one.to_json() for one in schedules(reads)))
    except OperationNotFoundError as error:
        if form is not Form.PEOPLE:
            write_rows(form, names_of(ScheduleStatus), [])
        messages().print(str(error), markup=False)


def row_of(one: ScheduleStatus) -> tuple[str, ...]:
    """A schedule as a row for people."""
    due = spoken(one.next_run.isoformat(), one.time_zone) if one.next_run else "never" if one.enabled else "disabled"
    when = (
        describe_rule(Recurrence.read(one.recurrence), datetime.fromisoformat(one.starts)) if one.recurrence else "once"
    )
    return str(one.schedule_id)[:8], one.name, due, when, str(one.last_operation_id or "")[:8]
