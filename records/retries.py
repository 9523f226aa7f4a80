"""Deleting records that were chosen one by one, by their keys: those that failed in another operation.

A unit is a range of ranks in their order. Its position is `[rank, counted]`: up to `counted` it is known how many of
them vanished, also where a batch ran out of time and the same ranks come again.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import TargetChangedError
from bulkdelete.records.batches import Batches
from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import Dialect, Span, Walk
from bulkdelete.records.effort import Effort, Place, Standing
from bulkdelete.records.result import BatchResult
from bulkdelete.records.scope import Retried, Run

KIND = "retried"
UNIT = 20_000
"""Ranks in a unit."""
PIECE = 1_000
"""Keys in one statement."""


def plan_retry(retried: Retried, query_index: int, number: int) -> Walk:
    """The walk over them. They are listed once and for all: a second pass finds nothing."""
    count = retried.count(query_index) if number == 1 else 0
    return Walk({"kind": KIND}, -(-count // UNIT), count)


def ranks(unit_of_plan: int, position: Any, size: int) -> tuple[int, int, bool]:
    """The first rank of a batch, how many it takes at most, and whether what vanished of them is counted already."""
    first, counted = position if position is not None else (unit_of_plan * UNIT, unit_of_plan * UNIT)
    if first < counted:
        return first, min(size, counted - first), True
    return first, min(size, (unit_of_plan + 1) * UNIT - first), False


def listed(connection: sa.Connection, dialect: Dialect, texts: list[str]) -> sa.Column[str]:
    """The keys in a table of this transaction's own."""
    table = dialect.work_table(connection, "retried", [sa.Column("record", dialect.record_type(), primary_key=True)])
    for at in range(0, len(texts), PIECE):
        connection.execute(sa.insert(table), [{"record": text} for text in texts[at : at + PIECE]])
    found: sa.Column[str] = table.c.record
    return found


def records_of(dialect: Dialect, entity: Entity, record: sa.Column[str]) -> sa.FromClause:
    """From the listed keys to the records: each is found by its key."""
    return sa.join(record.table, entity.table, dialect.key_equals(entity, record))


def delete_retried(
    batches: Batches, connection: sa.Connection, run: Run, place: Place, effort: Effort, standing: Standing
) -> BatchResult:
    """Delete those of some chosen records that still match; the others have vanished."""
    entity, dialect, among = run.scope.entity(place.query_index), batches.dialect, run.retried
    if among is None:
        raise TargetChangedError("the plan names chosen records, and the operation is not limited to any")
    first, most, counted = ranks(place.unit_of_plan, place.position, effort.size)
    texts = among.some(place.query_index, first, most)
    following = first + len(texts)
    is_last = following >= (place.unit_of_plan + 1) * UNIT or len(texts) < most
    result = BatchResult(standing.now, [following, following], is_last)
    batches.begin(connection, run, place)
    if texts:
        dialect.reserve(connection, run.scope.catalogue.written(entity.name))
        listed_records = records_of(dialect, entity, listed(connection, dialect, texts))
        where = batches.where(run, place, Span(entity.table, sa.true(), None, False), standing.aside)
        found = sa.select(*entity.key_columns).select_from(listed_records).where(where)
        careful = batches.care(connection, run, place, effort)
        selected = careful.delete(found, result)
        if not counted:
            result.vanished += len(texts) - selected
        if careful.untried:
            # The rest of the same ranks: what is done is gone or set aside.
            until = max(following, place.position[1] if counted else 0)
            result.position, result.finished, result.untried = [first, until], False, True
        elif counted:
            result.position, result.finished = [following, place.position[1]], False
    batches.finish(connection, run, place, result)
    return result
