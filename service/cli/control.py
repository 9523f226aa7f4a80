"""`bulkdelete pause | resume | cancel`: what another terminal says to a run on this machine, or to a service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

import typer

from bulkdelete.domain.commands import CancelOperation, ControlCommand, PauseOperation, ResumeOperation
from bulkdelete.domain.directory import identify
from bulkdelete.domain.errors import InvalidJobError, OperationNotFoundError, TransitionError
from bulkdelete.service.cli.output import messages
from bulkdelete.service.cli.views import opened
from bulkdelete.service.principal import principal

StateFolder = Annotated[Path | None, typer.Option("--state", help="Where bulkdelete keeps what it knows.")]
OperationPrefix = Annotated[str | None, typer.Argument(metavar="[ID]", help="The operation; the last one by default.")]
KafkaService = Annotated[
    str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Tell a service on Kafka, with the whole ID.")
]


def send(kind: type[ControlCommand], prefix: str | None, state: Path | None, kafka: str | None) -> None:
    """Say it to the service, or record it: the process that drives the operation sees it in a fraction of a second."""
    if kafka is not None:
        publish(kind, prefix, kafka)
        return
    with opened(state) as place:
        if place.application is None:
            raise OperationNotFoundError("there is no event store here; tell the service: --kafka")
        operation_id = identify(place.application, prefix)
        command = kind(command_id=uuid4(), operation_id=operation_id, requested_by=principal())
        try:
            operation = place.application.control(command)
        except TransitionError as error:
            raise TransitionError(error.reason) from None
    status = operation.status.replace("_", " ")
    messages().print(f"{status}: {str(operation_id)[:8]} {operation.job['name']}", markup=False)


def publish(kind: type[ControlCommand], identity: str | None, kafka: str) -> None:
    """Publish the command."""
    # Only here: the libraries of Kafka take a second to load.
    from bulkdelete.producers.client import Client  # noqa: PLC0415
    from bulkdelete.service.cli.kafka_options import settings_of  # noqa: PLC0415
    from bulkdelete.service.kafka.connecting import security_of  # noqa: PLC0415

    try:
        operation_id = UUID(identity or "")
    except ValueError:
        raise InvalidJobError(f"{identity!r} is no whole operation id, which a service needs", "ID") from None
    settings = settings_of(None, kafka)
    servers = settings.kafka.servers or kafka
    with Client.connect(servers, prefix=settings.kafka.prefix, **security_of(settings.kafka)) as client:
        {PauseOperation: client.pause, ResumeOperation: client.resume, CancelOperation: client.cancel}[kind](
            operation_id
        )
    messages().print(f"asked: {kind.__name__} {operation_id}", markup=False)


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def pause(operation: OperationPrefix = None, state: StateFolder = None, kafka: KafkaService = None) -> None:
        """Stop an operation until it is resumed.

        Example: bulkdelete pause 7f3a      and later: bulkdelete run --resume 7f3a
        """
        send(PauseOperation, operation, state, kafka)

    @app.command()
    def resume(operation: OperationPrefix = None, state: StateFolder = None, kafka: KafkaService = None) -> None:
        """Let a paused operation go on; on this machine `bulkdelete run --resume` does the work.

        Example: bulkdelete resume 7f3a…e1 --kafka localhost:9092
        """
        send(ResumeOperation, operation, state, kafka)

    @app.command()
    def cancel(operation: OperationPrefix = None, state: StateFolder = None, kafka: KafkaService = None) -> None:
        """Stop an operation for good; what is deleted stays deleted.

        Example: bulkdelete cancel 7f3a
        """
        send(CancelOperation, operation, state, kafka)
