"""`bulkdelete list | status | failures | deleted | history | sql`: what can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Annotated, Any

import typer

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import OperationNotFoundError
from bulkdelete.projections.answers import DeletedRecord, Deletion, Failure, OperationStatus, plain
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.projections.reads import Reads
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.cli.tables import Form, print_columns, results, write_array, write_rows
from bulkdelete.service.cli.telling import row_of, tell_halt, tell_status, tell_step
from bulkdelete.service.cli.topic import KafkaTopic, events_of
from bulkdelete.service.configuration import load
from bulkdelete.service.event_store import open_event_store

NONE_FOUND = 1

StateFolder = Annotated[
    Path | None, typer.Option("--state", metavar="DIR", help="Where bulkdelete keeps what it knows.")
]
OperationId = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="The operation, or the beginning of its id; the last one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="CSV on stdout.")]


@dataclass(frozen=True)
class Place:
    """Where the log and the views are; without an event store here, views that were made from Kafka's topic."""

    application: BulkDeletes | None
    files: ViewFiles


@contextmanager
def opened(state: Path | None) -> Iterator[Place]:
    """The event store and the views' files. Raises OperationNotFoundError where nothing was ever submitted."""
    settings = load(given={"state": state, "event_store": None, "views": None} if state else None)
    path = Path(settings.events.secret.removeprefix("sqlite:///"))
    files = ViewFiles.beside(settings.views_path)
    if settings.events.scheme == "sqlite" and not path.is_file():
        if not files.snapshot.is_file():
            raise OperationNotFoundError(f"nothing was submitted yet: there is no {path}")
        yield Place(None, files)
        return
    with open_event_store(settings.events) as application:
        yield Place(application, files)


@contextmanager
def asking(state: Path | None) -> Iterator[Reads]:
    """The views, caught up."""
    with opened(state) as place, open_views(place.files, place.application) as reads:
        yield reads


def names_of(kind: type[Any]) -> list[str]:
    """The names of an answer's fields."""
    return [one.name for one in fields_of(kind)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_operations)
    for command in (status, failures, deleted, history, sql):
        app.command()(command)


def list_operations(state: StateFolder = None, json: AsJson = False, csv: AsCsv = False) -> None:
    """Every operation, the last submitted first.

    Example: bulkdelete list
    """
    form = Form.of(json, csv)
    try:
        with asking(state) as reads:
            if form is Form.PEOPLE:
                tell_halt(messages(), reads.halt())
                print_columns(
                    ("ID", "Name", "Status", "Deleted", "Failed", "Rate", "Left", "Waiting for"),
                    (row_of(one) for one in reads.operations()),
                )
            else:
                write_rows(
                    form, [*names_of(OperationStatus), "remaining"], (one.to_json() for one in reads.operations())
                )
    except OperationNotFoundError as error:
        if form is not Form.PEOPLE:
            write_rows(form, names_of(OperationStatus), [])
        messages().print(str(error), markup=False)


def status(operation: OperationId = None, state: StateFolder = None, json: AsJson = False) -> None:
    """How far an operation is.

    Example: bulkdelete status 7f3a --json
    """
    with asking(state) as reads:
        found, halt = reads.status(operation), reads.halt()
    if json:
        print_json(found.to_json())
    else:
        tell_halt(messages(), halt)
        tell_status(results(), found)


def failures(
    operation: OperationId = None, state: StateFolder = None, json: AsJson = False, csv: AsCsv = False
) -> None:
    """The records that could not be deleted, and why.

    Example: bulkdelete failures 7f3a --csv > failures.csv
    """
    with asking(state) as reads:
        if json:
            write_array(reads.json_of("failures", operation))
            return
        rows = (one.to_json() for one in reads.failures(operation))
        if not write_rows(Form.of(json, csv), names_of(Failure), rows):
            messages().print("No record failed.")


def deleted(
    operation: OperationId = None,
    record: Annotated[
        tuple[str, str] | None,
        typer.Option("--record", metavar="ENTITY ID", help='Who deleted this record? A composite key: \'["1", "a"]\'.'),
    ] = None,
    state: StateFolder = None,
    json: AsJson = False,
    csv: AsCsv = False,
) -> None:
    """The records that an operation deleted; or who deleted one record, when, under which query.

    Example: bulkdelete deleted --record incident 0b0c6a8e-5d0f-4a0c-9a45-0f0f3a1de9a1
    """
    form = Form.of(json, csv)
    with asking(state) as reads:
        if record is None and json:
            write_array(reads.json_of("deleted", operation))
            return
        if record is None:
            rows = (one.to_json() for one in reads.deleted(operation))
            if not write_rows(form, names_of(DeletedRecord), rows):
                messages().print("No record was deleted.")
            return
        found = reads.deleted_record(*record)
        if operation is not None:
            wanted = reads.identify(operation)
            found = [one for one in found if one.operation_id == wanted]
    write_rows(form, names_of(Deletion), [one.to_json() for one in found])
    if not found:
        messages().print(f"No operation deleted {record[0]} {record[1]}.", markup=False)
        raise typer.Exit(NONE_FOUND)


def history(
    operation: OperationId = None,
    records: Annotated[bool, typer.Option("--records", help="Each batch's events too, with the ids.")] = False,
    state: StateFolder = None,
    kafka: KafkaTopic = None,
    json: AsJson = False,
    csv: AsCsv = False,
) -> None:
    """Every step of an operation, from the event log: from the event store, or from Kafka's topic alone.

    Example: bulkdelete history 7f3a
    """
    form = Form.of(json, csv)
    with asking(state) as reads:
        steps = reads.history(operation, records, events_of(kafka) if kafka else None)
        if form is Form.JSON:
            write_rows(form, (), (step.to_json() for step in steps))
        elif form is Form.CSV:
            same = ("type", "version", "timestamp")
            rows = ({**{name: plain(getattr(step, name)) for name in same}, "data": step.data} for step in steps)
            write_rows(form, [*same, "data"], rows)
        else:
            console = results()
            for step in steps:
                at = f"{step.timestamp:%H:%M:%S}.{step.timestamp.microsecond // 1000:03}"
                console.print(f"{at}  {step.version:>4}  {step.type:<15} {tell_step(step)}", markup=False)


def sql(
    query: Annotated[str, typer.Argument(help="One statement that reads.", metavar='"SELECT …"')],
    state: StateFolder = None,
    json: AsJson = False,
    csv: AsCsv = False,
) -> None:
    """Ask the views anything; `show tables` tells what there is. Nothing can be changed.

    Example: bulkdelete sql "select * from bulkdeletefailure limit 5"
    """
    with asking(state) as reads:
        names, rows = reads.sql(query)
        write_rows(Form.of(json, csv), names, (dict(zip(names, plain(row), strict=True)) for row in rows))
