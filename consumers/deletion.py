"""Work in the target databases: every piece of it becomes outcomes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import assert_never
from uuid import UUID

from bulkdelete.consumers.attention import ALONE, Attention
from bulkdelete.consumers.planning import identity
from bulkdelete.consumers.retries import RetriedRecords
from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import RefusedError, TargetChangedError, UnavailableError
from bulkdelete.domain.job import GovernedJob
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import (
    AnyOutcome,
    FenceClosed,
    FenceOpened,
    QueryPlanned,
    UnitReleased,
    WorkDeferred,
    WorkRefused,
    WorkReturned,
)
from bulkdelete.domain.progress import is_walked
from bulkdelete.domain.work import AnyWork, ClearLedger, CloseFence, DeleteBatch, OpenFence, PlanQuery
from bulkdelete.records.effort import FencedError, Place
from bulkdelete.records.scope import Run
from bulkdelete.records.target import Target


@dataclass
class Deletion:
    """Does work in the target databases. `target_of` opens the database of an operation, by its kept name."""

    application: BulkDeletes
    target_of: Callable[[str], Target]
    is_stopping: Callable[[], bool] = lambda: False
    attention: Attention | None = None
    """None: nobody asks for anything, and there are no others."""
    retried: RetriedRecords = field(init=False)

    def __post_init__(self) -> None:
        self.retried = RetriedRecords(self.application)

    def do(self, work: AnyWork) -> Iterator[AnyOutcome]:
        """Do a piece of work; done before, it tells the same again. What is away is told as WorkReturned."""
        same = {"operation_id": work.operation_id, "epoch": work.epoch}
        began = time.monotonic()
        try:
            operation = self.application.operation(work.operation_id)
            target = self.target_of(operation.database).under(operation.job.get("ledger"))
            yield from self.attempt(work, operation, target, began)
        except FencedError as error:
            if self.is_wanted(work):
                yield WorkRefused(**same, reason=f"{error}, and this log does not know why: was one of them restored?")
        except UnavailableError as error:
            yield WorkReturned(**same, reason=str(error))
        except RefusedError as error:
            yield WorkRefused(**same, reason=error.reason, field=error.field)
        except TargetChangedError as error:
            yield WorkRefused(**same, reason=str(error))

    def is_wanted(self, work: AnyWork) -> bool:
        """Whether the log, read anew, still asks for this work: after a pause, cancel or end it does not."""
        operation = self.application.operation(work.operation_id)
        return work.epoch == operation.epoch and identity(work) in {identity(one) for one in outstanding(operation)}

    def attempt(self, work: AnyWork, operation: Operation, target: Target, began: float) -> Iterator[AnyOutcome]:
        """Do it, or raise why not. `began`: before the operation was read."""
        match work:
            case OpenFence():
                yield from self.open(work, operation, target)
            case PlanQuery():
                if 0 <= work.query_index < len(operation.queries):
                    yield self.plan(work, operation, target)
            case DeleteBatch():
                yield from self.delete(work, operation, target, began)
            case CloseFence():
                yield from self.close(work, operation, target)
            case ClearLedger():
                if operation.is_final:
                    self.retried.forget(operation.id)
                    target.clear(operation.id)
            case _:
                assert_never(work)

    def open(self, work: OpenFence, operation: Operation, target: Target) -> Iterator[AnyOutcome]:
        """Open the fence, unless a later word was said."""
        job = GovernedJob.read(operation.job)
        row, scope = target.open(operation.id, job, work.epoch)
        if row.allows(job.digest(), work.epoch):
            yield FenceOpened(
                operation_id=operation.id, epoch=work.epoch, cut_off=row.cut_off, order=scope.order(),
                entities=scope.entity_names(),
            )  # fmt: skip
        else:
            raise FencedError(f"the target says that operation {operation.id} is {row.state} at epoch {row.epoch}")

    def run(self, work: AnyWork, operation: Operation, target: Target, deletes: bool = True) -> Run:
        """The operation on its target, at the work's epoch; `deletes`: with what it is limited to."""
        job = GovernedJob.read(operation.job)
        retried = self.retried.of(operation.id, job.retry_of) if deletes and job.retry_of is not None else None
        return Run(operation.id, job.digest(), work.epoch, target.known_scope(job), operation.started_before(), retried)

    def plan(self, work: PlanQuery, operation: Operation, target: Target) -> QueryPlanned:
        """Decide how to walk the query's entity."""
        run = self.run(work, operation, target)
        walk, bounded = target.plan(run, work.query_index, work.retry, work.number)
        return QueryPlanned(
            operation_id=operation.id, epoch=work.epoch, query_index=work.query_index, number=work.number,
            retry=work.retry, walk=walk.shape, units=walk.units, estimated=walk.estimated, bounded=bounded,
        )  # fmt: skip

    def delete(self, work: DeleteBatch, operation: Operation, target: Target, began: float) -> Iterator[AnyOutcome]:
        """Delete batch after batch of a unit, until it is finished or the worker has to do something else."""
        plan = operation.plan
        if plan is None or not plan["first"] <= work.unit < plan["first"] + plan["units"]:
            return
        run = self.run(work, operation, target)
        batch, position, allowance = work.batch, work.position, work.allowance
        while True:
            if strain := target.strain():
                yield WorkDeferred(
                    operation_id=operation.id, epoch=work.epoch, cause=strain.cause, reason=strain.reason
                )  # fmt: skip
                return
            place = Place(
                plan["query_index"], work.unit, work.unit - plan["first"], batch, position, plan["walk"]
            )  # fmt: skip
            result = target.delete(run, place, work.most, allowance)
            yield from result.outcomes(operation.id, work.epoch, plan["query_index"], work.unit, batch)
            if result.finished or work.most is not None:
                return
            batch, position = batch + 1, result.position
            allowance = allowance if allowance is None else allowance - result.taken
            # At its bound it lets go: from what is recorded follows how many more it may delete.
            if self.is_over(operation.id, began) or (allowance is not None and allowance <= 0):
                yield UnitReleased(
                    operation_id=operation.id, epoch=work.epoch, unit=work.unit, batch=batch, position=position
                )
                return

    def is_over(self, operation_id: UUID, began: float) -> bool:
        """Whether a worker should let go of a unit that it has had since then."""
        if self.is_stopping():
            return True
        if self.attention is None:
            return time.monotonic() - began > ALONE
        return self.attention.is_asked(operation_id, began) or (
            time.monotonic() - began > self.attention.turn(operation_id)
        )

    def proven(self, operation: Operation, target: Target) -> int:
        """Records of committed batches that are not recorded yet."""
        plan = operation.plan
        if plan is None or is_walked(plan):
            return 0
        job = GovernedJob.read(operation.job)
        run = Run(operation.id, job.digest(), operation.epoch, target.known_scope(job), operation.started_before())
        recorded = {int(unit): begun["batch"] for unit, begun in plan["open"].items()}
        recorded |= dict.fromkeys(plan["beyond"], sys.maxsize)
        proven = target.proven(run, plan["query_index"], recorded, plan["walked"])
        return sum(ids.count for _, _, result in proven for _, cascaded, ids in result.gone if not cascaded)

    def close(self, work: CloseFence, operation: Operation, target: Target) -> Iterator[AnyOutcome]:
        """Close the fence, then tell every committed batch that is not recorded yet, then that it is closed."""
        target.close_operation(operation.id, operation.digest, work.epoch, work.state)
        plan = operation.plan
        if plan is not None:
            run = self.run(work, operation, target, deletes=False)
            recorded = {int(unit): begun["batch"] for unit, begun in plan["open"].items()}
            for unit, batch, result in target.proven(run, plan["query_index"], recorded, plan["walked"]):
                yield from result.outcomes(operation.id, work.epoch, plan["query_index"], unit, batch)
        yield FenceClosed(operation_id=operation.id, epoch=work.epoch, state=work.state)
