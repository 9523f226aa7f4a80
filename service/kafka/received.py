"""A message as it came: raw, so that nothing in it can do anything before we look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from bulkdelete.producers.raw import text_of


@dataclass(frozen=True)
class Received:
    """One message, where it stood and what it says."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    body: bytes | None
    raw_headers: tuple[tuple[str, bytes], ...] = ()
    timestamp: int = 0
    """Milliseconds, by whoever published it."""

    @classmethod
    def of(cls, record: Any) -> Received:
        """A record of aiokafka's."""
        place = record.topic, record.partition, record.offset
        return cls(*place, record.key, record.value, tuple(record.headers), record.timestamp)

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers as text; what is no text is shown escaped."""
        return text_of(self.raw_headers)


class Documents:
    """Says in the schema what the body of a message holds: it is read by us, not by FastStream."""

    def __init__(self, adapter: TypeAdapter[Any]) -> None:
        self.adapter = adapter

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.adapter.core_schema)


def decode(message: Any) -> Any:
    """What handlers get."""
    record = message.raw_message
    if isinstance(record, list | tuple):
        return [Received.of(one) for one in record]
    return Received.of(record)
