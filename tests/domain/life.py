"""Life: one operation, driven by outcomes and commands alone."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID, uuid4

from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import (
    CancelOperation,
    ControlCommand,
    PauseOperation,
    PostponeOperation,
    ResumeOperation,
    SubmitBulkDelete,
    ThrottleOperation,
)
from bulkdelete.domain.failures import Cause, PackedIds
from bulkdelete.domain.job import Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import (
    AnyOutcome,
    BatchDone,
    FenceClosed,
    FenceOpened,
    GoneRecords,
    QueryPlanned,
)
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.record_ids import RecordIds

NOW = datetime.datetime(2024, 1, 31, tzinfo=datetime.UTC)
COMMANDS: dict[str, type[PauseOperation | ResumeOperation | CancelOperation]] = {
    "pause": PauseOperation,
    "resume": ResumeOperation,
    "cancel": CancelOperation,
}
MORE: dict[str, type[Any]] = {"postpone": PostponeOperation, "throttle": ThrottleOperation}


@dataclass
class Life:
    """One operation; outcomes are told to it as workers would."""

    application: BulkDeletes
    id: UUID = field(default_factory=uuid4)

    def submit(self, queries: int = 1, **more: Any) -> Operation:
        job = Job(name="x", queries=[Query(f"e{at}").all_records() for at in range(queries)], **more)
        return self.application.submit(
            SubmitBulkDelete(command_id=uuid4(), operation_id=self.id, requested_by="me", job=job), "db"
        )

    def command(self, name: str, **more: Any) -> ControlCommand:
        found: ControlCommand = (COMMANDS | MORE)[name](
            command_id=uuid4(), operation_id=self.id, requested_by="me", **more
        )
        return found

    def control(self, name: str, **more: Any) -> Operation:
        return self.application.control(self.command(name, **more))

    def tell(self, outcome: AnyOutcome) -> Operation:
        return self.application.record(outcome)

    def open(self, epoch: int = 1, queries: int = 1) -> Operation:
        return self.tell(FenceOpened(operation_id=self.id, epoch=epoch, cut_off=NOW, order=list(range(queries))))

    def planned(self, number: int, units: int, **more: Any) -> QueryPlanned:
        words = {"walk": {"kind": "matching"}, "estimated": 5, "bounded": False, "query_index": 0} | more
        return QueryPlanned(operation_id=self.id, epoch=1, number=number, units=units, **words)

    def plan(self, number: int = 1, units: int = 1, **more: Any) -> Operation:
        return self.tell(self.planned(number, units, **more))

    def batch(self, unit: int = 0, batch: int = 0, deleted: int = 3, failed: int = 0, **more: Any) -> BatchDone:
        words: dict[str, Any] = {"query_index": 0, "epoch": 1, "finished": True, "deleted_at": NOW} | more
        ids = PackedIds.of(RecordIds.of("int8", range(deleted)))
        gone = [GoneRecords(entity="e0", cascaded=False, records=ids)] if deleted else []
        causes = [
            Cause(entity="e0", error_number="1", error_description="no", retryable=True,
                  records=PackedIds.of(RecordIds.of("int8", range(100, 100 + failed))))
        ] if failed else []  # fmt: skip
        return BatchDone(operation_id=self.id, unit=unit, batch=batch, deleted=gone, failures=causes, **words)

    def close(self, state: Literal["paused", "canceled", "ended"], epoch: int = 1) -> Operation:
        return self.tell(FenceClosed(operation_id=self.id, epoch=epoch, state=state))

    @property
    def now(self) -> Operation:
        return self.application.operation(self.id)

    def wants(self) -> list[str]:
        return [type(one).__name__ for one in outstanding(self.now)]
