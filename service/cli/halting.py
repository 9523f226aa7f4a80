"""`bulkdelete halt | unhalt`: everything stops at once, and nothing starts until it is released."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bulkdelete.consumers.braking import pull
from bulkdelete.domain.commands import Halt, Unhalt, command_of
from bulkdelete.domain.errors import TransitionError
from bulkdelete.service.cli.output import messages
from bulkdelete.service.principal import principal
from bulkdelete.service.stored_events import StoredEvents
from bulkdelete.service.whereabouts import whereabouts

StateFolder = Annotated[Path | None, typer.Option("--state", help="Where bulkdelete keeps what it knows.")]
KafkaService = Annotated[str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Tell a service on Kafka.")]


def send(command: Halt | Unhalt, state: Path | None, kafka: str | None, done: str) -> None:
    """Say it to the service, or record it: every process that drives an operation sees it in a fraction of a second."""
    if kafka is not None:
        # Only here: reading all the settings takes a while.
        from bulkdelete.service.cli.kafka_options import told_to  # noqa: PLC0415

        told_to(kafka, command)
        messages().print(f"asked: {command.type.lower()}", markup=False)
        return
    with StoredEvents(whereabouts(state)) as events:
        try:
            pull(command, events.application())
        except TransitionError as error:
            raise TransitionError(error.reason) from None
    messages().print(done, markup=False)


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def halt(
        reason: Annotated[str, typer.Option("--reason", help="Why: everybody is shown it.")],
        state: StateFolder = None,
        kafka: KafkaService = None,
    ) -> None:
        """Stop every operation at once, and let none start, until `bulkdelete unhalt`.

        Example: bulkdelete halt --reason "disk is filling up"
        """
        done = "Everything is halted; bulkdelete unhalt lets it go on."
        send(command_of(Halt, requested_by=principal(), reason=reason), state, kafka, done)

    @app.command()
    def unhalt(state: StateFolder = None, kafka: KafkaService = None) -> None:
        """Let go on what was halted; what somebody paused stays paused.

        Example: bulkdelete unhalt
        """
        send(command_of(Unhalt, requested_by=principal()), state, kafka, "Nothing is halted any more.")
