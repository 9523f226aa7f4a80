"""What one batch did: as the ledger keeps it, and as the messages tell it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from bulkdelete.domain.failures import Cause, PackedIds
from bulkdelete.domain.outcomes import BatchDone, GoneRecords
from bulkdelete.domain.record_ids import RecordIds

PART = 480 * 1024
"""Bytes of packed ids in one message; with the rest it stays below 768 KiB."""
LONGEST_TEXT = 8_000
"""Characters of a database's error text that are kept."""


@dataclass
class BatchResult:
    """What one committed transaction did."""

    deleted_at: str
    position: Any
    finished: bool
    gone: list[tuple[str, bool, RecordIds]] = field(default_factory=list)
    """Entity, whether by a cascade, and the ids."""
    failures: list[Cause] = field(default_factory=list)
    cleared: list[RecordIds] = field(default_factory=list)
    vanished: int = 0
    unlinked: dict[str, int] = field(default_factory=dict)
    duration: float = 0.0
    untried: bool = False
    """Whether the time was over before every record of the range had its turn; not kept in the ledger."""

    @property
    def matched(self) -> int:
        """Records that this batch settled."""
        return self.taken + sum(cause.records.count for cause in self.failures) + self.vanished

    @property
    def taken(self) -> int:
        """Records that it deleted because a query asks for them."""
        return sum(ids.count for _, cascaded, ids in self.gone if not cascaded)

    def with_ids(self, entity: str, ids: RecordIds) -> Self:
        """The same of the direct way, whose ids stand in a column of their own."""
        if ids.count:
            self.gone.append((entity, False, ids))
        return self

    def to_json(self) -> str:
        """For the ledger."""
        return json.dumps(
            {
                "deleted_at": self.deleted_at,
                "position": self.position,
                "finished": self.finished,
                "gone": [[entity, cascaded, ids.to_json()] for entity, cascaded, ids in self.gone],
                "failures": [cause.model_dump() for cause in self.failures],
                "cleared": [ids.to_json() for ids in self.cleared],
                "vanished": self.vanished,
                "unlinked": self.unlinked,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> BatchResult:
        """From the ledger."""
        value = json.loads(text)
        value["gone"] = [(entity, cascaded, RecordIds.from_json(ids)) for entity, cascaded, ids in value["gone"]]
        value["failures"] = [Cause.model_validate(cause) for cause in value["failures"]]
        value["cleared"] = [RecordIds.from_json(ids) for ids in value["cleared"]]
        return cls(**value)

    def outcomes(self, operation_id: UUID, epoch: int, query_index: int, unit: int, batch: int) -> list[BatchDone]:
        """The messages that tell it: one, or as many as the ids need."""
        parts = list(self.parts())
        return [
            BatchDone(
                operation_id=operation_id, epoch=epoch, query_index=query_index, unit=unit, batch=batch, part=at,
                parts=len(parts), deleted=part["deleted"], failures=part["failures"], cleared=part["cleared"],
                vanished=self.vanished if at == 0 else 0, unlinked=self.unlinked if at == 0 else {},
                deleted_at=datetime.datetime.fromisoformat(self.deleted_at), duration=round(self.duration, 6),
                position=self.position, finished=self.finished,
            )
            for at, part in enumerate(parts)
        ]  # fmt: skip

    def parts(self) -> Iterator[dict[str, list[Any]]]:
        """The ids in messages of bounded size; the same result is always cut the same way."""
        part: dict[str, list[Any]] = {"deleted": [], "failures": [], "cleared": []}
        used = 0
        for kind, item, size in self.items():
            if used and used + size > PART:
                yield part
                part, used = {"deleted": [], "failures": [], "cleared": []}, 0
            part[kind].append(item)
            used += size
        yield part

    def items(self) -> Iterator[tuple[str, Any, int]]:
        """Everything a message must tell, in pieces small enough for one."""
        for entity, cascaded, ids in self.gone:
            for piece in ids.pieces(PART):
                gone = GoneRecords(entity=entity, cascaded=cascaded, records=PackedIds.of(piece))
                yield "deleted", gone, weight(piece)
        for ids in self.cleared:
            for piece in ids.pieces(PART):
                yield "cleared", PackedIds.of(piece), weight(piece)
        for cause in self.failures:
            for told in pieces_of(cause):
                size = weight(told.records.ids()) + weight_of_blockers(told) + 2 * len(cause.error_description)
                yield "failures", told, size


def pieces_of(cause: Cause) -> Iterator[Cause]:
    """The same cause in pieces small enough for a message, each with what blocks its records."""
    room = PART - LONGEST_TEXT
    if cause.blocking_counts:
        # What blocks a record takes more room than its id: each piece leaves that much.
        share = weight(cause.records.ids()) / (weight(cause.records.ids()) + weight_of_blockers(cause))
        room = max(1_024, int(room * share * 0.8))
    at = 0
    for piece in cause.records.ids().pieces(room):
        span = slice(at, at + piece.count)
        at += piece.count
        yield cause.model_copy(
            update={
                "records": PackedIds.of(piece), "blocking_counts": cause.blocking_counts[span],
                "blocking_samples": cause.blocking_samples[span],
            }
        )  # fmt: skip


def weight_of_blockers(cause: Cause) -> int:
    """About how many bytes the blocking records take in a message."""
    return sum(len(str(one).encode()) + 12 for one in cause.blocking_samples)


def weight(ids: RecordIds) -> int:
    """About how many bytes packed ids take in a message."""
    return len(ids.data) if isinstance(ids.data, str) else sum(len(str(one).encode()) + 8 for one in ids.data)
