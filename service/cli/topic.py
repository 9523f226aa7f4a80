"""Kafka's topic as the log that a command reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bulkdelete.projections.recorded import RecordedEvent

KafkaTopic = Annotated[
    str | None,
    typer.Option("--kafka", metavar="HOST:PORT", help="Read the events from Kafka's topic instead of the event store."),
]


def events_of(kafka: str) -> Iterator[RecordedEvent]:
    """Every event on the topic, in the order of each stream."""
    # Only here: the libraries of Kafka take a second to load.
    from bulkdelete.service.cli.kafka_options import settings_of  # noqa: PLC0415
    from bulkdelete.service.kafka.connecting import connection_of, topics_of  # noqa: PLC0415
    from bulkdelete.service.kafka.projection import recorded  # noqa: PLC0415
    from bulkdelete.service.kafka.reading import read_whole  # noqa: PLC0415

    settings = settings_of(None, kafka).kafka
    for section in read_whole(connection_of(settings), topics_of(settings).name("events")):
        yield from recorded(section)
