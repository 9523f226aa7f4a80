"""Outcomes: recorded together or one by one, the log is the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bulkdelete.consumers.operations import take_outcome, take_outcomes, together
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.outcomes import AnyOutcome, UnitReleased, WorkReturned
from tests.domain.life import Life


@pytest.fixture
def saves(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many aggregates each save had."""
    found: list[int] = []
    save = BulkDeletes.save

    def counted(self: BulkDeletes, *objects: object, **more: object) -> object:
        found.append(len(objects))
        return save(self, *objects, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(BulkDeletes, "save", counted)
    return found


def begun(application: BulkDeletes, units: int) -> Life:
    life = Life(application)
    life.submit()
    life.open()
    life.plan(units=units)
    return life


def figures(operation: Operation) -> tuple[object, ...]:
    return operation.queries, operation.plan, operation.cascaded, operation.version


def told(life: Life) -> list[AnyOutcome]:
    """Batches with parts, one of them told twice, and one that reaches us before its first part."""
    return [
        life.batch(0, 0, deleted=3, finished=False, position=7),
        life.batch(0, 1, deleted=2, failed=1, part=0, parts=2),
        life.batch(0, 1, deleted=1, part=1, parts=2),
        life.batch(0, 0, deleted=3, finished=False, position=7),
        life.batch(2, 0, deleted=1, part=1, parts=2),
        life.batch(1, 0, deleted=5),
    ]


@pytest.mark.parametrize("sizes", [(6,), (1, 5), (2, 2, 2), (3, 3), (4, 2), (5, 1)])
def test_together_is_as_one_by_one(sizes: Sequence[int]) -> None:
    with BulkDeletes() as one, BulkDeletes() as other:
        single, grouped = begun(one, 3), begun(other, 3)
        for outcome in told(single):
            take_outcome(outcome, one)
        left = told(grouped)
        for size in sizes:
            take_outcomes(left[:size], other)
            left = left[size:]

        assert not left
        assert figures(one.operation(single.id)) == figures(other.operation(grouped.id))
        assert one.operation(single.id).queries[0]["deleted"] == 11


def test_one_save_records_many_batches(saves: list[int]) -> None:
    with BulkDeletes() as application:
        life = begun(application, 4)
        saves.clear()

        take_outcomes([life.batch(unit) for unit in range(4)], application)

        assert saves == [5]


def test_told_again_in_other_company_each_is_counted_once() -> None:
    with BulkDeletes() as application:
        life = begun(application, 4)
        take_outcomes([life.batch(0), life.batch(1)], application)

        take_outcomes([life.batch(1), life.batch(2)], application)
        take_outcomes([life.batch(0), life.batch(1), life.batch(2), life.batch(3)], application)

        assert application.operation(life.id).queries[0]["deleted"] == 12


def test_other_outcomes_and_operations_are_not_taken_together() -> None:
    with BulkDeletes() as application:
        life, other = Life(application), Life(application)
        released = UnitReleased(operation_id=life.id, epoch=1, unit=1, batch=1)
        returned = WorkReturned(operation_id=life.id, epoch=1, reason="away")
        outcomes: list[AnyOutcome] = [
            life.batch(0), life.batch(1), released, life.batch(2), other.batch(0), other.batch(1), returned, returned
        ]  # fmt: skip

        found = list(together(outcomes))

    assert [len(run) for run in found] == [2, 1, 1, 2, 1, 1]
    assert [one for run in found for one in run] == outcomes
