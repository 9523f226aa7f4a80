"""`bulkdelete retry`: another attempt at exactly the records that failed."""

from __future__ import annotations

import sys
from typing import Annotated
from uuid import UUID, uuid4

import typer

from bulkdelete.domain.commands import RetryFailures
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.cli.place import AsJson, OperationId, StateFolder
from bulkdelete.service.databases import database_url
from bulkdelete.service.principal import principal
from bulkdelete.service.state import State
from bulkdelete.service.whereabouts import default_state


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(retry)


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
    # Only here: what deletes takes a while to load, and imports this.
    from bulkdelete.service.cli.run import Runner  # noqa: PLC0415

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
