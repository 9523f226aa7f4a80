"""What goes out: a topic, a key, a body, headers. No transport is known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Outgoing:
    """A message to be published; messages with the same key stay in order."""

    topic: str
    key: bytes | None
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
