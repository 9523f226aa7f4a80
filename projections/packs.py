"""Packs: the record ids of events on their way into DuckDB, some dozens in a row, never a Python row a record.

Ids of fixed width go in as bytes and are cut up by DuckDB. Cutting copies what it cuts from, so the bytes come in
short chunks: 64 ids a chunk are several times as fast as a whole pack of 20,000, or as any way by way of text.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
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
"""Records of a row of `packs`. A row group of Parquet holds 2,048 rows, and has to fit into little memory."""


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
    """The packs of some events, written to DuckDB together, a statement for each kind of key."""

    def __init__(self, sql: Mapping[str, str]) -> None:
        self.sql = sql
        self.kinds: dict[str, Chunks] = {}
        self.counts = dict.fromkeys(FATES.values(), 0)

    def add(self, event: RecordedEvent, at: int) -> None:
        """Take the records of an event of the batch at this ordinal."""
        data, records = event.data, event.data["records"]
        deleted_at = data.get("deleted_at")
        chunks = self.kinds.setdefault(records["kind"], Chunks(records["kind"]))
        pack = Pack(
            len(chunks.packs), FATES[event.topic], event.operation_id, data["query_index"], data["entity"], at,
            data.get("cascaded"), utc(deleted_at) if deleted_at else None, data.get("error_number"),
            data.get("error_description"), data.get("constraint"), data.get("blocking_entity"),
            data.get("retryable"), records["kind"],
        )  # fmt: skip
        self.counts[pack.fate] += records["count"]
        chunks.add(pack, records["data"], blocked(data))

    def write(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write everything that was taken."""
        for kind, chunks in self.kinds.items():
            taken = "BLOB" if kind in WIDTH else "VARCHAR"
            statement = self.sql["put packs"].format(taken=taken, ids=self.sql[f"ids of {kind}"])
            connection.execute(statement, columns(chunks.packs, Pack.__slots__) | chunks.columns())


class Chunks:
    """The ids of packs with one kind of key: bytes, or texts of JSON lists."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.packs: list[Pack] = []
        self.number_of: list[int] = []
        self.chunks: list[bytes | str] = []
        self.blocked: list[str | None] = []

    def add(self, pack: Pack, data: str | list[Any], blocked: list[Any]) -> None:
        """Take a pack's ids; with what blocks each, where that is known."""
        self.packs.append(pack)
        before = len(self.chunks)
        if isinstance(data, str):
            packed = base64.b64decode(data)
            step = CHUNK * WIDTH[self.kind]
            self.chunks += [packed[at : at + step] for at in range(0, len(packed), step)]
        else:
            self.chunks += [as_json(data[at : at + CHUNK]) for at in range(0, len(data), CHUNK)]
        many = len(self.chunks) - before
        self.number_of += [pack.number] * many
        self.blocked += [as_json(blocked[at * CHUNK : (at + 1) * CHUNK]) if blocked else None for at in range(many)]

    def columns(self) -> dict[str, list[Any]]:
        """What the statement takes beside the packs."""
        return {"number_of": self.number_of, "chunk": self.chunks, "chunk_blocked": self.blocked}


def blocked(data: dict[str, Any]) -> list[Any]:
    """Of each record how many block it, and some of them; empty where that is not known."""
    counts = data.get("blocking_counts") or []
    samples = data.get("blocking_samples") or []
    each = zip(counts, samples, strict=True)
    return [{"n": many or None, "ids": as_json(some) if many else None} for many, some in each]
