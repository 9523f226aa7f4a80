"""Packs: the record ids of events on their way into DuckDB, some dozens in a row, never a Python row a record.

Ids of fixed width go in as bytes and are cut up by DuckDB. Cutting copies what it cuts from, so the bytes come in
short chunks: 64 ids a chunk are several times as fast as a whole pack of 20,000, or as any way by way of text.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import duckdb

from bulkdelete.domain.batch import Batch
from bulkdelete.domain.record_ids import WIDTH
from bulkdelete.projections.database import columns
from bulkdelete.projections.operations import utc
from bulkdelete.projections.plain import as_json
from bulkdelete.projections.recorded import RecordedEvent

FATES = {
    Batch.RecordsDeleted.TOPIC: "deleted",
    Batch.RecordFailed.TOPIC: "failed",
    Batch.FailureCleared.TOPIC: "cleared",
}
CHUNK = 64
TEXTS = 512


@dataclass(frozen=True, slots=True)
class Pack:
    """Records of one entity that shared one fate in one batch."""

    number: int
    fate: str
    operation_id: UUID
    query_index: int
    entity: str
    ordinal: int
    """Where the batch stands in its operation: later units and batches have higher ones."""
    cascaded: bool | None
    deleted_at: datetime | None
    error_number: str | None
    error_description: str | None
    constraint_name: str | None
    blocking_entity: str | None
    retryable: bool | None
    key_kind: str


def ordinal(unit: int, batch: int) -> int:
    """Where a batch stands in its operation."""
    return (unit << 24) + batch


class Packing:
    """The packs of some events, written to DuckDB together."""

    def __init__(self, statement: str) -> None:
        self.statement = statement
        self.packs: list[Pack] = []
        self.bytes: list[bytes] = []
        self.bytes_of: list[int] = []
        self.lists: list[str] = []
        self.lists_of: list[int] = []
        self.bytes_blocked: list[str | None] = []
        self.lists_blocked: list[str | None] = []
        self.counts = dict.fromkeys(FATES.values(), 0)

    def add(self, event: RecordedEvent, at: int) -> None:
        """Take the records of an event of the batch at this ordinal."""
        data, records = event.data, event.data["records"]
        deleted_at = data.get("deleted_at")
        pack = Pack(
            len(self.packs), FATES[event.topic], event.operation_id, data["query_index"], data["entity"], at,
            data.get("cascaded"), utc(deleted_at) if deleted_at else None, data.get("error_number"),
            data.get("error_description"), data.get("constraint"), data.get("blocking_entity"),
            data.get("retryable"), records["kind"],
        )  # fmt: skip
        self.packs.append(pack)
        self.counts[pack.fate] += records["count"]
        self.cut(pack.number, pack.key_kind, records["data"], blocked(data))

    def cut(self, number: int, kind: str, data: str | list[Any], blocked: list[Any]) -> None:
        """Take ids in chunks: bytes, or texts of JSON lists; with what blocks each, where that is known."""
        if isinstance(data, str):
            packed = base64.b64decode(data)
            step = CHUNK * WIDTH[kind]
            self.bytes += [packed[at : at + step] for at in range(0, len(packed), step)]
            self.bytes_of += [number] * (len(self.bytes) - len(self.bytes_of))
            self.bytes_blocked += pieces(blocked, CHUNK, len(self.bytes) - len(self.bytes_blocked))
        else:
            self.lists += [as_json(data[at : at + TEXTS]) for at in range(0, len(data), TEXTS)]
            self.lists_of += [number] * (len(self.lists) - len(self.lists_of))
            self.lists_blocked += pieces(blocked, TEXTS, len(self.lists) - len(self.lists_blocked))

    def write(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write everything that was taken."""
        if self.packs:
            chunks = {
                "bytes_of": self.bytes_of, "bytes": self.bytes, "bytes_blocked": self.bytes_blocked,
                "lists_of": self.lists_of, "lists": self.lists, "lists_blocked": self.lists_blocked,
            }  # fmt: skip
            connection.execute(self.statement, columns(self.packs, Pack.__slots__) | chunks)


def blocked(data: dict[str, Any]) -> list[Any]:
    """Of each record how many block it, and some of them; empty where that is not known."""
    counts = data.get("blocking_counts") or []
    samples = data.get("blocking_samples") or []
    each = zip(counts, samples, strict=True)
    return [{"n": many or None, "ids": as_json(some) if many else None} for many, some in each]


def pieces(blocked: list[Any], size: int, many: int) -> list[str | None]:
    """The same, cut as the ids are."""
    if not blocked:
        return [None] * many
    return [as_json(blocked[at : at + size]) for at in range(0, len(blocked), size)]
