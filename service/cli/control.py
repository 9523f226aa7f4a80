"""`bulkdelete pause | resume | postpone | throttle | cancel`: said to a run on this machine, or to a service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from bulkdelete.domain.commands import (
    CancelOperation,
    ControlCommand,
    PauseOperation,
    PostponeOperation,
    ResumeOperation,
    ThrottleOperation,
    command_of,
)
from bulkdelete.domain.directory import identify
from bulkdelete.domain.errors import InvalidJobError, OperationNotFoundError, TransitionError
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.summary import summary
from bulkdelete.service.cli.driving import tell_undriven
from bulkdelete.service.cli.output import messages
from bulkdelete.service.cli.place import opened
from bulkdelete.service.principal import principal

StateFolder = Annotated[Path | None, typer.Option("--state", help="Where bulkdelete keeps what it knows.")]
OperationPrefix = Annotated[str | None, typer.Argument(metavar="[ID]", help="The operation; the last one by default.")]
KafkaService = Annotated[
    str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Tell a service on Kafka, with the whole ID.")
]
ZoneName = Annotated[
    str | None, typer.Option("--time-zone", metavar="NAME", help="Of a time without an offset, such as Europe/Oslo.")
]
WORDS: dict[type[ControlCommand], str] = {
    PauseOperation: "pause", ResumeOperation: "resume", CancelOperation: "cancel",
    PostponeOperation: "postpone", ThrottleOperation: "throttle",
}  # fmt: skip


def send(kind: type[ControlCommand], prefix: str | None, state: Path | None, kafka: str | None, **fields: Any) -> None:
    """Say it to the service, or record it: the process that drives the operation sees it in a fraction of a second."""
    if kafka is not None:
        # Only here: reading all the settings takes a while.
        from bulkdelete.service.cli.kafka_options import told_to  # noqa: PLC0415

        operation_id = whole(prefix)
        command: Any = command_of(kind, operation_id=operation_id, requested_by=principal(), **fields)
        told_to(kafka, command)
        messages().print(f"asked: {WORDS[kind]} {operation_id}", markup=False)
        return
    with opened(state) as place:
        if place.application is None:
            raise OperationNotFoundError("there is no event store here; tell the service: --kafka")
        operation_id = identify(place.application, prefix)
        command = command_of(kind, operation_id=operation_id, requested_by=principal(), **fields)
        try:
            operation = place.application.control(command)
        except TransitionError as error:
            raise TransitionError(error.reason) from None
    messages().print(told(operation), markup=False)
    tell_undriven(operation_id, operation.status, state)


def told(operation: Operation) -> str:
    """Where it stands now, and what it waits for."""
    found = summary(operation)
    status = found["status"].replace("_", " ")
    why = f" ({found['waiting_for']})" if found["waiting_for"] else ""
    rate = f", at most {found['rate']:,g} records/s" if found["rate"] else ""
    return f"{status}{why}{rate}: {str(operation.id)[:8]} {found['name']}"


def whole(identity: str | None) -> UUID:
    """The id of an operation that a service has. Raises InvalidJobError."""
    try:
        return UUID(identity or "")
    except ValueError:
        raise InvalidJobError(f"{identity!r} is no whole operation id, which a service needs", "ID") from None


def read_rate(text: str) -> float | None:
    """Records per second; `none`: no bound. Raises InvalidJobError."""
    if text.lower() == "none":
        return None
    try:
        return float(text.replace("_", "").replace(",", ""))
    except ValueError:
        raise InvalidJobError(f"{text!r} is no number of records per second, and not none", "--rate") from None


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
        """Let a paused or postponed operation go on; on this machine `bulkdelete run --resume` does the work.

        Example: bulkdelete resume 7f3a…e1 --kafka localhost:9092
        """
        send(ResumeOperation, operation, state, kafka)

    @app.command()
    def postpone(
        until: Annotated[str, typer.Option("--until", metavar="TIME", help="2027-01-04T02:00:00+01:00, or a local "
                                           "time with --time-zone.")],
        operation: OperationPrefix = None, time_zone: ZoneName = None, state: StateFolder = None,
        kafka: KafkaService = None,
    ) -> None:  # fmt: skip
        """Delete nothing (more) until an instant; then the operation goes on by itself.

        Example: bulkdelete postpone 7f3a --until 2027-01-04T02:00:00 --time-zone Europe/Oslo
        """
        send(PostponeOperation, operation, state, kafka, until=until, time_zone=time_zone)

    @app.command()
    def throttle(
        rate: Annotated[str, typer.Option("--rate", metavar="N|none", help="Records per second, at most.")],
        operation: OperationPrefix = None, state: StateFolder = None, kafka: KafkaService = None,
    ) -> None:  # fmt: skip
        """Change how many records per second an operation may delete, while it runs.

        Example: bulkdelete throttle 7f3a --rate 5000
        """
        send(ThrottleOperation, operation, state, kafka, rate=read_rate(rate))

    @app.command()
    def cancel(operation: OperationPrefix = None, state: StateFolder = None, kafka: KafkaService = None) -> None:
        """Stop an operation for good; what is deleted stays deleted.

        Example: bulkdelete cancel 7f3a
        """
        send(CancelOperation, operation, state, kafka)
