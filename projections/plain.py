"""Answers as plain JSON values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

PLAIN = {type(None), bool, int, float, str}


class Answer:
    """Something the views answer."""

    __slots__: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return {name: plain(getattr(self, name)) for name in self.__slots__}


def plain(value: Any) -> Any:
    """A value as JSON has it; instants are RFC 3339 in UTC."""
    if type(value) in PLAIN:
        return value
    match value:
        case datetime():
            utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
            return utc.isoformat().replace("+00:00", "Z")
        case UUID():
            return str(value)
        case Answer():
            return value.to_json()
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case bytes():
            return value.hex()
        case _:
            return str(value)


def as_json(value: Any) -> str:
    """JSON as short as it goes, and the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
