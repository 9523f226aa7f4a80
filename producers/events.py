"""Events as others see them: CloudEvents in binary mode, the event's own fields as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import CanMutateAggregate, DomainEventProtocol

from bulkdelete.domain.batch import Batch
from bulkdelete.domain.brake import Brake
from bulkdelete.domain.lanes import Lanes
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.summary import instant
from bulkdelete.producers.messages import JSON, Outgoing

SOURCE = "/bulkdelete"
TYPE_PREFIX = "bulkdelete."
NOT_DATA = frozenset({"originator_id", "originator_version", "timestamp", "originator_topic"})
"""What every event has: it travels in the headers."""


def event_classes() -> dict[str, type[Any]]:
    """Every event of our streams, by its topic in the event store."""
    members = [
        one for stream in (Operation, Batch, Brake, Lanes) for one in vars(stream).values() if isinstance(one, type)
    ]
    events = [one for one in members if issubclass(one, CanMutateAggregate) and hasattr(one, "TOPIC")]
    return {str(one.TOPIC): one for one in events}


def encode(event: DomainEventProtocol[UUID], topic: str) -> Outgoing:
    """An event as a message on a topic."""
    state = {name: value for name, value in vars(event).items() if name not in NOT_DATA}
    name = type(event).TOPIC  # type: ignore[attr-defined]
    operation_id = str(state.get("operation_id") or event.originator_id)
    headers = {
        **JSON,
        "ce_specversion": "1.0",
        "ce_id": f"{event.originator_id}/{event.originator_version}",
        "ce_type": TYPE_PREFIX + name,
        "ce_source": SOURCE,
        "ce_subject": operation_id,
        "ce_time": instant(event.timestamp),  # type: ignore[attr-defined]
    }
    if (version := getattr(type(event), "class_version", 1)) > 1:
        headers["ce_dataversion"] = str(version)
    body = json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode()
    return Outgoing(topic, operation_id.encode(), body, headers)


def decode(headers: Mapping[str, str], body: bytes) -> DomainEventProtocol[UUID]:
    """The event that a message carries. Raises ValueError where it is none of ours."""
    try:
        kind = event_classes()[headers["ce_type"].removeprefix(TYPE_PREFIX)]
        stream, _, version = headers["ce_id"].partition("/")
        state = {
            **json.loads(body),
            "originator_id": UUID(stream),
            "originator_version": int(version),
            "timestamp": datetime.fromisoformat(headers["ce_time"]),
        }
        if version == "1":
            state["originator_topic"] = kind.TOPIC.partition(".")[0]
        upcast(kind, state, int(headers.get("ce_dataversion", 1)))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no event of ours: {error!r:.200}") from None
    event: DomainEventProtocol[UUID] = object.__new__(kind)
    object.__setattr__(event, "__dict__", state)
    return event


def upcast(kind: type[Any], state: dict[str, Any], version: int) -> None:
    """Bring the fields of an older event up to date, as the event store does."""
    for older in range(version, getattr(kind, "class_version", 1)):
        getattr(kind, f"upcast_v{older}_v{older + 1}")(state)
