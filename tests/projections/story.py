"""Operations told as commands and outcomes, recorded in a real event store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import CancelOperation, SubmitBulkDelete
from bulkdelete.domain.failures import Cause, PackedIds
from bulkdelete.domain.job import Job
from bulkdelete.domain.outcomes import BatchDone, FenceClosed, FenceOpened, GoneRecords, QueryPlanned
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.record_ids import KeyKind, RecordIds
from bulkdelete.projections.log import read_log
from bulkdelete.projections.recorded import RecordedEvent

AT = datetime(2026, 11, 23, 19, 40, 2, 113000, tzinfo=UTC)


def event_store(folder: Path) -> BulkDeletes:
    return BulkDeletes(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "events.db")})


def packed(*ids: Any, kind: KeyKind = "int8") -> PackedIds:
    return PackedIds.of(RecordIds.of(kind, ids))


def gone(*ids: Any, entity: str = "incident", cascaded: bool = False, kind: KeyKind = "int8") -> GoneRecords:
    return GoneRecords(entity=entity, cascaded=cascaded, records=packed(*ids, kind=kind))


def cause(*ids: Any, entity: str = "incident", kind: KeyKind = "int8", **what: Any) -> Cause:
    facts: dict[str, Any] = {
        "error_number": "23503", "error_description": "a case is still open", "constraint": "case_customer",
        "blocking_entity": "case",
    }  # fmt: skip
    return Cause(entity=entity, records=packed(*ids, kind=kind), **(facts | what))


def all_events(application: BulkDeletes) -> list[RecordedEvent]:
    return [event for section in read_log(application, 0) for event in section]


class Story:
    """One operation, told step by step."""

    def __init__(self, application: BulkDeletes, *entities: str, name: str = "Closed cases") -> None:
        self.application = application
        self.id: UUID = uuid4()
        queries = [Query(entity).where(statecode=1) for entity in entities or ("incident",)]
        job = Job(name=name, database="crm", queries=queries)
        command = SubmitBulkDelete(command_id=uuid4(), operation_id=self.id, requested_by="ops@example.com", job=job)
        application.submit(command, "crm")

    def started(self, order: Sequence[int] = (0,), epoch: int = 1) -> Story:
        self.application.record(FenceOpened(operation_id=self.id, epoch=epoch, cut_off=AT, order=list(order)))
        return self

    def planned(self, units: int, query_index: int = 0, number: int = 1, retry: bool = False) -> Story:
        self.application.record(
            QueryPlanned(
                operation_id=self.id, epoch=1, query_index=query_index, number=number, retry=retry,
                walk={"kind": "rowids"}, units=units, estimated=units * 10, bounded=True,
            )
        )  # fmt: skip
        return self

    def batch(self, unit: int, batch: int = 0, query_index: int = 0, finished: bool = True, **what: Any) -> Story:
        self.application.record(
            BatchDone(
                operation_id=self.id, epoch=1, query_index=query_index, unit=unit, batch=batch, deleted_at=AT,
                duration=0.061, finished=finished, **what,
            )
        )  # fmt: skip
        return self

    def ended(self, state: Any = "ended") -> Story:
        self.application.record(FenceClosed(operation_id=self.id, epoch=1, state=state))
        return self

    def told(self, kind: type[Any] = CancelOperation) -> Story:
        self.application.control(kind(command_id=uuid4(), operation_id=self.id, requested_by="boss@example.com"))
        return self


def whole(application: BulkDeletes, first: int = 0) -> Story:
    """An operation with everything in it, ended."""
    story = Story(application, "incident", "contact").started([1, 0]).planned(2, query_index=1)
    story.batch(0, query_index=1, deleted=[gone(first + 1, first + 2, entity="contact")], vanished=1)
    failed = cause(first + 3, entity="contact", retryable=True)
    story.batch(1, query_index=1, deleted=[gone(first + 4, entity="contact")], failures=[failed])
    story.planned(0, query_index=1, number=2).planned(1)
    story.batch(
        2,
        deleted=[gone(first + 5, first + 6), gone(first + 7, first + 8, entity="activity", cascaded=True)],
        failures=[cause(first + 9, first + 10)],
        unlinked={"email": 4},
    )
    story.planned(0, number=2).planned(1, query_index=1, number=2, retry=True)
    story.batch(3, query_index=1, deleted=[gone(first + 3, entity="contact")], cleared=[packed(first + 3)])
    return story.ended()
