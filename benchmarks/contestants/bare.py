"""The same batches straight through `records/`, without messages and event store: the rest is the service's share."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from uuid import UUID, uuid4

from benchmarks.data import JOB
from benchmarks.run import Contestant, Run
from bulkdelete.records.dialect import Walk
from bulkdelete.records.effort import Place
from bulkdelete.records.scope import Run as Operation
from bulkdelete.records.target import Target


def delete(run: Run) -> None:
    """Fence, plans, batches, the last plan that finds nothing, fence, clearing: what an operation does in a target."""
    with closing(Target(run.address)) as target, switching_at_once(), run.timed():
        operation_id, first = uuid4(), 0
        operation = opened(target, operation_id)
        while (walk := target.plan(operation, 0, retry=False)[0]).units and walked(target, operation, walk, first):
            first += walk.units
        target.close_operation(operation_id, JOB.digest(), 1, "ended")
        target.clear(operation_id)


def opened(target: Target, operation_id: UUID) -> Operation:
    """The operation with its fence open."""
    row, scope = target.open(operation_id, JOB, 1)
    return Operation(operation_id, JOB.digest(), 1, scope, row.cut_off)


def walked(target: Target, operation: Operation, walk: Walk, first: int) -> int:
    """Every unit of a plan, by as many workers as an embedded run has; returns how many records matched."""
    units: queue.SimpleQueue[int] = queue.SimpleQueue()
    for unit in range(walk.units):
        units.put(unit)
    workers = target.dialect.workers
    with ThreadPoolExecutor(workers) as pool:
        found = [pool.submit(work, target, operation, walk, first, units) for _ in range(workers)]
        return sum(one.result() for one in found)


def work(target: Target, operation: Operation, walk: Walk, first: int, units: queue.SimpleQueue[int]) -> int:
    """Unit after unit, as long as there are any; returns how many records matched."""
    matched = 0
    while True:
        try:
            unit = units.get_nowait()
        except queue.Empty:
            return matched
        batch, position, finished = 0, None, False
        while not finished:
            result = target.delete(operation, Place(0, first + unit, unit, batch, position, walk.shape))
            batch, position, finished = batch + 1, result.position, result.finished
            matched += result.matched


@contextmanager
def switching_at_once() -> Iterator[None]:
    """Let threads take turns as an embedded run does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


BARE = Contestant("records/ alone", delete, in_process=True)
