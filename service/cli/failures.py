"""`bulkdelete failures | retry`: why records stayed, what to do about it, and another attempt at exactly those."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer
from rich.console import Console
from rich.markup import escape

from bulkdelete.domain.commands import RetryFailures
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.record_ids import key_in_words
from bulkdelete.projections.answers import Failure, FailureCause
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.cli.tables import Form, results, write_array, write_rows
from bulkdelete.service.cli.views import AsCsv, AsJson, OperationId, StateFolder, asking, names_of
from bulkdelete.service.principal import principal

SAMPLES = 3


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(failures)
    app.command()(retry)


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
        console.print(f"[bold]{one.count:,} × {escape(one.entity)}[/]{escape(blocked + constraint)}")
        console.print(f"  says      {escape(one.error_number)}: {escape(' '.join(one.error_description.split()))}")
        console.print(f"  example   {escape(example(one))}")
        console.print(f"  advice    {escape(one.advice)}")
        if len(causes) > 1:
            again = f"bulkdelete retry {short} --cause {quoted(one.name)}{place}"
            console.print(f"  retry     {escape(again)}", style="dim")
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
    import shlex  # noqa: PLC0415

    return shlex.quote(text)


def retry(
    operation: OperationId = None,
    cause: Annotated[
        list[str] | None,
        typer.Option(
            "--cause", help="Only what failed for this error number, constraint or blocking entity; repeated."
        ),
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="The database's address, where the operation's own lacks what is needed.")
    ] = None,
    state: StateFolder = None,
    kafka: Annotated[
        str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Ask a service on Kafka, with the whole ID.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="With --kafka: wait for the end.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    operation_id: Annotated[UUID | None, typer.Option(help="The new operation's id: the same id runs once.")] = None,
    requested_by: Annotated[str | None, typer.Option(help="Who asks; default: you.")] = None,
    json: AsJson = False,
) -> None:
    """Delete the records that failed in an operation that has ended: exactly those, if they still match.

    They must match its query still, and have been there before its cut-off.

    Example: bulkdelete retry 7f3a --cause incident_customer_contacts
    """
    causes = tuple(cause or ())
    if kafka is not None:
        raise typer.Exit(retry_on_kafka(operation, causes, kafka, wait, operation_id, requested_by, json))
    # Only here: what deletes takes a while to load.
    from bulkdelete.service.cli.databases import database_url  # noqa: PLC0415
    from bulkdelete.service.cli.run import Runner  # noqa: PLC0415
    from bulkdelete.service.state import State, default_state  # noqa: PLC0415

    # Who has a terminal is asked; the records were confirmed when their job was run.
    place = State(state or default_state())
    runner = Runner(place, yes or not sys.stdin.isatty(), json, requested_by or principal())
    raise typer.Exit(runner.retry(operation, causes, database_url(database), operation_id))


def retry_on_kafka(
    operation: str | None,
    causes: tuple[str, ...],
    kafka: str,
    wait: bool,
    new_id: UUID | None,
    requested_by: str | None,
    as_json: bool,
) -> int:
    """Ask a service; returns the exit code."""
    # Only here: the libraries of Kafka take a second to load.
    from bulkdelete.producers.client import Client  # noqa: PLC0415
    from bulkdelete.service import logs  # noqa: PLC0415
    from bulkdelete.service.cli.kafka_options import settings_of  # noqa: PLC0415
    from bulkdelete.service.cli.submit import exit_code, tell  # noqa: PLC0415
    from bulkdelete.service.kafka.connecting import security_of  # noqa: PLC0415

    logs.configure("ERROR", "text", libraries="CRITICAL")
    try:
        asked_of = UUID(operation or "")
    except ValueError:
        raise InvalidJobError(f"{operation!r} is no whole operation id, which a service needs", "ID") from None
    settings = settings_of(None, kafka).kafka
    who = requested_by or principal()
    connect = Client.connect(
        settings.servers or kafka, prefix=settings.prefix, requested_by=who, **security_of(settings)
    )
    with connect as client:
        begun = client.retry(asked_of, causes, new_id or uuid4())
        messages().print(f"Asked for {begun.id}, a retry of {asked_of}", markup=False)
        result = begun.wait() if wait else None
    if result is None:
        if as_json:
            print_json({"operation_id": str(begun.id), "retry_of": str(asked_of), "status": "submitted"})
        return 0
    tell(result)
    if as_json:
        print_json(result.data)
    return exit_code(result)


def command(operation_id: UUID, causes: tuple[str, ...], new_id: UUID | None, who: str) -> RetryFailures:
    """The command. Raises InvalidJobError for a cause that is no word."""
    if bad := [one for one in causes if not 0 < len(one) <= 255]:
        raise InvalidJobError(f"{bad[0]!r:.60} is no error number, constraint or entity", "--cause")
    return RetryFailures(
        command_id=uuid4(), operation_id=operation_id, requested_by=who, causes=causes, retry_id=new_id
    )
