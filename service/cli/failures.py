"""`bulkdelete failures`: why records stayed, and what to do about it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.record_ids import key_in_words
from bulkdelete.projections.answers import Failure, FailureCause
from bulkdelete.service.cli.output import escaped, messages
from bulkdelete.service.cli.place import AsCsv, AsJson, OperationId, StateFolder, asking, names_of
from bulkdelete.service.cli.tables import Form, results, write_array, write_rows

if TYPE_CHECKING:
    from rich.console import Console

SAMPLES = 3


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(failures)


def failures(
    operation: OperationId = None,
    every: Annotated[bool, typer.Option("--all", help="Every record, with the full text.")] = False,
    by_cause: Annotated[
        bool, typer.Option("--by-cause", help="The causes, also as --json or --csv, which tell every record else.")
    ] = False,
    state: StateFolder = None,
    json: AsJson = False,
    csv: AsCsv = False,
) -> None:
    """Why records could not be deleted, by cause, and what to do about it; --all, --json, --csv: each record.

    Example: bulkdelete failures 7f3a            and  bulkdelete failures 7f3a --csv > failures.csv
    """
    if every and by_cause:
        raise InvalidJobError("--all tells every record, --by-cause the causes: choose one", "--all")
    form = Form.of(json, csv)
    with asking(state) as reads:
        identity = reads.identify(operation)
        if by_cause and form is not Form.PEOPLE:
            found = reads.causes(identity)
            write_rows(form, ["cause", *names_of(FailureCause), "advice"], (one.to_json() for one in found))
        elif json:
            write_array(reads.json_of("failures", identity))
        elif csv or every:
            rows = reads.failures(identity) if csv else reads.failures_by_cause(identity)
            if not write_rows(form, names_of(Failure), (one.to_json() for one in rows)):
                messages().print("No record failed.")
        else:
            tell_causes(results(), str(identity)[:8], reads.causes(identity), state)


def tell_causes(console: Console, short: str, causes: list[FailureCause], state: Path | None) -> None:
    """Each cause: how many records, an example, what blocks it, what to do."""
    if not causes:
        messages().print("No record failed.")
        return
    place = f" --state {state}" if state else ""
    for one in causes:
        blocked = f": {one.blocking_entity} still refers to it" if one.blocking_entity else ""
        constraint = f"   ({one.constraint})" if one.constraint else ""
        console.print(f"[bold]{one.count:,} × {escaped(one.entity)}[/]{escaped(blocked + constraint)}")
        console.print(f"  says      {escaped(one.error_number)}: {escaped(' '.join(one.error_description.split()))}")
        console.print(f"  example   {escaped(example(one))}")
        console.print(f"  advice    {escaped(one.advice)}")
        if len(causes) > 1:
            again = f"bulkdelete retry {short} --cause {quoted(one.name)}{place}"
            console.print(f"  retry     {escaped(again)}", style="dim")
    total = sum(one.count for one in causes)
    console.print(f"[dim]What next[/]   bulkdelete failures {short} --all{place}     each of the {total:,} records")
    console.print(f"            bulkdelete retry {short}{place}              exactly those once more")


def example(cause: FailureCause) -> str:
    """One of the records, and some of those that hold it."""
    text = f"{cause.entity} {key_in_words(cause.example_id)}"
    if not cause.blocking_sample:
        return text
    some = ", ".join(key_in_words(one) for one in cause.blocking_sample[:SAMPLES])
    more = (cause.blocking_count or 0) - len(cause.blocking_sample[:SAMPLES])
    return f"{text}, held by {cause.blocking_entity} {some}" + (f" and {more:,} more" if more > 0 else "")


def quoted(text: str) -> str:
    """A word as the shell takes it."""
    return shlex.quote(text)
