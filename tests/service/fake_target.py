"""A target database in memory: every record matches, every piece of work is done once and told again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from bulkdelete.domain.failures import PackedIds
from bulkdelete.domain.outcomes import (
    AnyOutcome,
    BatchDone,
    FenceClosed,
    FenceOpened,
    GoneRecords,
    QueryPlanned,
)
from bulkdelete.domain.record_ids import RecordIds
from bulkdelete.domain.work import AnyWork, CloseFence, DeleteBatch, OpenFence, PlanQuery

CUT_OFF = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class FakeTarget:
    """Does work; `units` of `size` records are there at first, and none in the second pass."""

    units: int = 3
    size: int = 10
    seconds: float = 0.0
    calls: list[AnyWork] = field(default_factory=list)
    closed: dict[UUID, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def do(self, work: AnyWork) -> Iterator[AnyOutcome]:
        with self.lock:
            self.calls.append(work)
        same = {"operation_id": work.operation_id, "epoch": work.epoch}
        match work:
            case OpenFence():
                yield FenceOpened(**same, cut_off=CUT_OFF, order=[0])
            case PlanQuery():
                units = self.units if work.number == 1 and not work.retry else 0
                yield QueryPlanned(
                    **same, query_index=work.query_index, number=work.number, retry=work.retry, walk={"kind": "fake"},
                    units=units, estimated=units * self.size, bounded=True,
                )  # fmt: skip
            case DeleteBatch():
                time.sleep(self.seconds)
                yield self.batch(work)
            case CloseFence():
                yield FenceClosed(**same, state=work.state)

    def batch(self, work: DeleteBatch) -> BatchDone:
        ids = RecordIds.of("int8", range(work.unit * self.size, (work.unit + 1) * self.size))
        gone = GoneRecords(entity="incident", cascaded=False, records=PackedIds.of(ids))
        return BatchDone(
            operation_id=work.operation_id, epoch=work.epoch, query_index=work.query_index, unit=work.unit,
            batch=work.batch, deleted=[gone], deleted_at=CUT_OFF, finished=True,
        )  # fmt: skip
