"""`bulkdelete submit`: a job for a service on Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from bulkdelete.domain.lifecycle import Status
from bulkdelete.producers.client import Client
from bulkdelete.producers.result import Result
from bulkdelete.service import logs
from bulkdelete.service.cli.kafka_options import ConfigFile, KafkaAddress, settings_of
from bulkdelete.service.cli.output import messages, print_json
from bulkdelete.service.jobfile import read_job
from bulkdelete.service.kafka.connecting import security_of
from bulkdelete.service.principal import principal

DONE, SOME_FAILED, REFUSED, CANCELED = 0, 1, 2, 3


def exit_code(result: Result) -> int:
    """What the shell is told, as by `bulkdelete run`."""
    if result.status == Status.SUCCEEDED:
        return SOME_FAILED if result.failed else DONE
    return CANCELED if result.status == Status.CANCELED else REFUSED


def tell(result: Result) -> None:
    """The end of an operation, in a line."""
    more = sum(result.cascaded.values())
    cascaded = f" · {more:,} more by cascade" if more else ""
    why = f": {result.reason}" if result.reason else ""
    messages().print(
        f"{result.status}{why}   {result.deleted:,} deleted · {result.failed:,} failed{cascaded}", markup=False
    )


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def submit(
        job: Annotated[Path, typer.Argument(metavar="JOB", help="The job file, YAML or JSON.")],
        kafka: KafkaAddress = None,
        database: Annotated[str | None, typer.Option(metavar="NAME", help="A database configured there.")] = None,
        operation_id: Annotated[UUID | None, typer.Option(help="The operation's id: the same id runs once.")] = None,
        requested_by: Annotated[str | None, typer.Option(help="Who asks; default: you.")] = None,
        wait: Annotated[bool, typer.Option("--wait", help="Wait for the end, and tell it.")] = False,
        json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
        config: ConfigFile = None,
    ) -> None:
        """Submit a job to a service on Kafka.

        Example: bulkdelete submit closed-cases.yaml --kafka localhost:9092 --database crm --wait
        """
        logs.configure("ERROR", "text", libraries="CRITICAL")
        asked = read_job(job)
        settings = settings_of(config, kafka)
        connect = Client.connect(
            settings.kafka.servers or "", prefix=settings.kafka.prefix,
            requested_by=requested_by or principal(), **security_of(settings.kafka),
        )  # fmt: skip
        with connect as client:
            operation = client.submit(asked, operation_id, database=database)
            what = "Submitted" if asked.recurrence is None else "Submitted: it recurs, and becomes schedule"
            messages().print(f"{what} {operation.id}", markup=False)
            result = operation.wait() if wait else None
        if result is None:
            if json:
                print_json({"operation_id": str(operation.id), "status": "submitted"})
            return
        tell(result)
        if json:
            print_json(result.data)
        raise typer.Exit(exit_code(result))
