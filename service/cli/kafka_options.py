"""What every command that speaks to Kafka is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bulkdelete.domain.commands import Command
from bulkdelete.service.configuration import load
from bulkdelete.service.principal import principal
from bulkdelete.service.problems import Problem, SettingsError
from bulkdelete.service.settings import Settings

if TYPE_CHECKING:
    from bulkdelete.producers.client import Client

ConfigFile = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings: TOML, YAML or JSON.")]
KafkaAddress = Annotated[
    str | None, typer.Option("--kafka", metavar="HOST:PORT", help="Kafka, instead of BULKDELETE_KAFKA__SERVERS.")
]


def settings_of(config: Path | None, kafka: str | None) -> Settings:
    """The settings of a command that speaks to Kafka. Raises SettingsError."""
    settings = load(config, {"kafka": {"servers": kafka}} if kafka else None)
    if settings.kafka.servers is None:
        reason = (
            "say where Kafka is: --kafka HOST:PORT, BULKDELETE_KAFKA__SERVERS, or servers under [kafka] in --config"
        )
        raise SettingsError([Problem("kafka.servers", None, reason)])
    return settings


def told_to(kafka: str, command: Command) -> None:
    """Publish a command and wait until Kafka has it. Raises UnavailableError, SettingsError."""
    with client_of(kafka) as client:
        client.tell(command)


def client_of(kafka: str) -> Client:
    """A client of the service there, for `with`. Raises SettingsError."""
    # Only here: the libraries of Kafka take a second to load.
    from bulkdelete.producers.client import Client  # noqa: PLC0415
    from bulkdelete.service.kafka.connecting import security_of  # noqa: PLC0415

    settings = settings_of(None, kafka).kafka
    return Client.connect(
        settings.servers or kafka, prefix=settings.prefix, requested_by=principal(), **security_of(settings)
    )
