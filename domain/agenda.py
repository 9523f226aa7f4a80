"""What an operation needs next, from what is recorded alone: asked twice, or after a crash, the answer is the same."""

from __future__ import annotations

from bulkdelete.domain.allotment import allowance
from bulkdelete.domain.lifecycle import Status
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.progress import PlanProgress, is_walked, unfinished
from bulkdelete.domain.work import AnyWork, ClearLedger, CloseFence, DeleteBatch, OpenFence, PlanQuery


def outstanding(operation: Operation) -> list[AnyWork]:
    """Everything that may be done now, in any order and any number of times."""
    same = {"operation_id": operation.id, "epoch": operation.epoch}
    match Status(operation.status):
        case Status.PAUSED | Status.POSTPONED | Status.HALTED:
            return []
        case Status.PAUSING | Status.POSTPONING | Status.HALTING:
            return [CloseFence(**same, state="paused")]
        case Status.CANCELING:
            return [CloseFence(**same, state="canceled")]
        case Status.SUCCEEDED | Status.FAILED | Status.CANCELED:
            return [ClearLedger(**same)] if operation.opened else []
        case _ if operation.opened < operation.epoch:
            return [OpenFence(**same)]
        case _ if operation.failing:
            return [CloseFence(**same, state="ended")]
        case _:
            return running(operation)


def running(operation: Operation) -> list[AnyWork]:
    """The batches of the window, or the next plan, or the end."""
    plan = operation.plan
    if plan is not None and not is_walked(plan):
        return batches(operation, plan)
    same = {"operation_id": operation.id, "epoch": operation.epoch}
    for index in operation.order:
        query = operation.queries[index]
        if not query["done"]:
            return [PlanQuery(**same, query_index=index, number=query["number"] + 1)]
    for index in operation.order:
        query = operation.queries[index]
        if query["retryable"] > 0 and not query["retried"]:
            return [PlanQuery(**same, query_index=index, number=query["number"], retry=True)]
    return [CloseFence(**same, state="ended")]


def batches(operation: Operation, plan: PlanProgress) -> list[AnyWork]:
    """A batch of each unit in the window: the first ones that are not finished."""
    work: list[AnyWork] = []
    at_bound = operation.guards.max_records == operation.deleted
    for unit in unfinished(plan, operation.job["options"]["window"]):
        left = allowance(plan, unit)
        if left == 0 and not at_bound:
            # What is left belongs to other units for now: they give it back, or use it.
            continue
        begun = plan["open"].get(str(unit))
        work.append(
            DeleteBatch(
                operation_id=operation.id,
                epoch=operation.epoch,
                query_index=plan["query_index"],
                unit=unit,
                batch=begun["batch"] if begun else 0,
                position=begun["position"] if begun else None,
                allowance=left,
            )
        )
    return work
