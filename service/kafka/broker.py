"""FastStream's broker as we use it: acknowledged after the work, idempotent, from the earliest message on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker, Topic

from bulkdelete.consumers.routes import Route
from bulkdelete.producers.connection import KafkaConnection, publishing_broker
from bulkdelete.producers.raw import parse
from bulkdelete.producers.topics import Topics
from bulkdelete.service.kafka.received import decode

GRACE = 20.0
"""Seconds that a stop waits for the message in hand."""
FETCH = 4 * 1024 * 1024
"""Bytes fetched at once, of one partition too: an operation's outcomes are all in one, and are recorded together."""
LOOK_AGAIN = 100
"""Milliseconds that a fetch waits for something to come. While it waits for some partitions, aiokafka fetches nothing
from the others of the same server: what had come there stood still for half a second at the library's default."""


def make_broker(connection: KafkaConnection) -> KafkaBroker:
    """A broker that belongs to one application: routers and brokers are never shared."""
    return publishing_broker(connection, graceful_timeout=GRACE, ack_policy=AckPolicy.NACK_ON_ERROR)


def mount(broker: KafkaBroker, topics: Topics, route: Route, handler: Callable[..., Any], **options: Any) -> Any:
    """Let a handler listen where its route says; returns FastStream's subscriber."""
    subscriber = broker.subscriber(
        Topic(topics.name(route.topic), declare=False), group_id=f"{topics.prefix}.{route.group}",
        auto_offset_reset="earliest", parser=parse, decoder=decode, no_reply=True, title=route.topic,
        fetch_max_bytes=FETCH, max_partition_fetch_bytes=FETCH, fetch_max_wait_ms=LOOK_AGAIN,
        max_poll_interval_ms=300_000, session_timeout_ms=8_000, heartbeat_interval_ms=1_000, **options,
    )  # fmt: skip
    subscriber(handler)
    return subscriber
