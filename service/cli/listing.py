"""`bulkdelete list`: every operation."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from bulkdelete.domain.errors import OperationNotFoundError
from bulkdelete.projections.answers import OperationStatus
from bulkdelete.projections.plain import as_json
from bulkdelete.projections.reads import Reads
from bulkdelete.service.cli.output import messages
from bulkdelete.service.cli.place import AsCsv, AsJson, StateFolder, asking, names_of
from bulkdelete.service.cli.standing import row_of, tell_halt
from bulkdelete.service.cli.tables import Form, print_columns, write_array, write_rows

HEADS = ("ID", "Name", "Status", "Deleted", "Failed", "Rate", "Left", "Waiting for")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("list")(list_operations)


def list_operations(state: StateFolder = None, json: AsJson = False, csv: AsCsv = False) -> None:
    """Every operation, the last submitted first.

    Example: bulkdelete list
    """
    form = Form.of(json, csv)
    names = [*names_of(OperationStatus), "remaining", "untold"]
    try:
        with asking(state) as reads:
            if form is Form.PEOPLE:
                tell_halt(reads.halt())
                print_columns(HEADS, lines_of(reads))
            elif form is Form.JSON:
                write_array(texts_of(reads))
            else:
                untold = reads.untold()
                rows = (one.to_json() | {"untold": untold.get(one.operation_id, [])} for one in reads.operations())
                write_rows(form, names, rows)
    except OperationNotFoundError as error:
        if form is not Form.PEOPLE:
            write_rows(form, names, [])
        messages().print(str(error), markup=False)


def lines_of(reads: Reads) -> Iterator[tuple[str, ...]]:
    """The operations for people."""
    untold = reads.untold()
    return (row_of(one, untold.get(one.operation_id, ())) for one in reads.lines())


def texts_of(reads: Reads) -> Iterator[str]:
    """The operations as JSON texts, each with whom nobody could tell of its end."""
    untold = reads.untold()
    for operation_id, text in reads.operations_json():
        yield f'{text[:-1]},"untold":{as_json(untold.get(operation_id, []))}}}'
