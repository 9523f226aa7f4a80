"""`bulkdelete status | deleted | history | sql`: what can be asked."""

from __future__ import annotations

from typing import Annotated

import typer

from bulkdelete.projections.answers import DeletedRecord, Deletion
from bulkdelete.projections.plain import plain
from bulkdelete.service.cli.driving import tell_undriven
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.cli.place import AsCsv, AsJson, OperationId, StateFolder, asking, names_of
from bulkdelete.service.cli.standing import tell_halt
from bulkdelete.service.cli.tables import Form, results, write_array, write_rows
from bulkdelete.service.cli.telling import tell_status, tell_step
from bulkdelete.service.cli.topic import KafkaTopic, events_of

NONE_FOUND = 1


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (status, deleted, history, sql):
        app.command()(command)


def status(operation: OperationId = None, state: StateFolder = None, json: AsJson = False) -> None:
    """How far an operation is.

    Example: bulkdelete status 7f3a --json
    """
    with asking(state) as reads:
        found, halt = reads.status(operation), reads.halt()
        untold = reads.untold().get(found.operation_id, [])
    if json:
        print_json(found.to_json() | {"untold": untold})
    else:
        tell_halt(halt)
        tell_status(results(), found, untold)
        tell_undriven(found.operation_id, found.status, state)


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
                console.print(f"{at}  {step.version:>4}  {step.type:<17} {tell_step(step)}", markup=False)


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
