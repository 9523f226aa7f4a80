"""Rejections: the reason, and the original as far as it fits."""

from __future__ import annotations

import json

from bulkdelete.domain.rejection import LARGEST_BODY, Rejection
from bulkdelete.producers.messages import JSON, Outgoing
from bulkdelete.service.kafka.received import Received

FIRST_OFFSET = "bulkdelete-first-offset"
"""Header of a kept command's copies: where the original stood."""
LARGEST_HEADERS = 16 * 1024
LARGEST_KEY = 1024


def rejection(topic: str, received: Received, reason: str, field: str | None) -> Outgoing:
    """A message for the topic of rejections; the original's key and headers stay its own."""
    first = received.headers.get(FIRST_OFFSET, "")
    found = Rejection(
        reason=whole(reason)[:2000],
        field=whole(field)[:500] if field else None,
        topic=received.topic,
        partition=received.partition,
        offset=int(first) if first.isascii() and first.isdigit() and len(first) < 19 else received.offset,
        body=(received.body or b"").decode("utf-8", "backslashreplace")[:LARGEST_BODY],
    )
    key = received.key[:LARGEST_KEY] if received.key is not None else None
    body = json.dumps(found.model_dump(), ensure_ascii=False).encode()
    return Outgoing(topic, key, body, {**bounded(received), **JSON})


def whole(text: str) -> str:
    """Text that can be written as UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def bounded(received: Received) -> dict[str, str]:
    """The original's headers, as many as fit."""
    kept: dict[str, str] = {}
    room = LARGEST_HEADERS
    for name, value in received.headers.items():
        room -= len(name) + len(value)
        if room < 0:
            break
        kept[name] = value
    return kept
