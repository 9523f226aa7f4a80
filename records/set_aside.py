"""Trying records once more that failed before in the same operation; those that are gone are settled as well.

What a relationship kept and still keeps is left out set-based: of most that fail nothing has changed since.
"""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.records.batches import Batches
from bulkdelete.records.causes import Reason
from bulkdelete.records.effort import Effort, Place
from bulkdelete.records.ledger import Ledger, ids_of
from bulkdelete.records.predicates import Truth
from bulkdelete.records.result import BatchResult
from bulkdelete.records.scope import Run


def retry_set_aside(
    batches: Batches, connection: sa.Connection, run: Run, place: Place, effort: Effort, now: str
) -> BatchResult:
    """Try some of them once more; those that are gone, or match no more, are settled as well."""
    entity, aside = run.scope.entity(place.query_index), batches.ledger.set_aside
    size = effort.bound(effort.size)
    among: list[Truth] = [
        aside.c.operation_id == run.id, aside.c.query_index == place.query_index, aside.c.retryable
    ]  # fmt: skip
    if place.position is not None:
        among.append(aside.c.record > place.position)
    ahead = sa.select(aside.c.record).where(*among).order_by(aside.c.record)
    last = connection.execute(ahead.offset(size - 1).limit(1)).scalar() if size else place.position
    result = BatchResult(now, last, last is None)
    if last is not None:
        among.append(aside.c.record <= last)
    batches.begin(connection, run, place)
    where = run.where(place.query_index, entity)
    matching = sa.and_(where, batches.dialect.key_equals(entity, aside.c.record))
    still = sa.exists().where(matching, kept_still(run, place, aside.c.reason)).select_from(entity.table)
    if size and connection.execute(sa.select(sa.exists().where(*among, ~still).select_from(aside))).scalar():
        batches.dialect.reserve(connection, run.scope.catalogue.written(entity.name))
        settle_vanished(batches.ledger, connection, run, place, among, matching, result)
        careful = batches.care(connection, run, place, effort, again=True)
        # From our own table to the records: each is found by its key.
        kept = sa.join(aside, entity.table, batches.dialect.key_equals(entity, aside.c.record))
        found = sa.select(*entity.key_columns).select_from(kept)
        careful.delete(found.where(where, *among, ~kept_still(run, place, aside.c.reason)), result)
    batches.finish(connection, run, place, result)
    return result


def kept_still(run: Run, place: Place, reason: sa.ColumnElement[str]) -> Truth:
    """Whether a record is kept by the very relationship that it was set aside for, and a record that does not go."""
    catalogue, name = run.scope.catalogue, run.scope.entity(place.query_index).name
    reached, entity = catalogue.reached(name), catalogue.entities[name]
    ways: list[Truth] = []
    for one in catalogue.referrers(name):
        if one.restricts and one.child not in reached:
            kid = catalogue.entities[one.child].table.alias("kid")
            pairs = zip(one.parent_columns, one.child_columns, strict=True)
            refers = sa.exists().where(*(entity.table.c[other] == kid.c[own] for other, own in pairs))
            ways.append(sa.and_(reason == Reason("", "", one.name, one.child).mark, refers.select_from(kid)))
    return sa.or_(sa.false(), *ways)


def settle_vanished(
    ledger: Ledger, connection: sa.Connection, run: Run, place: Place, among: list[Truth], matching: Truth,
    result: BatchResult,
) -> None:  # fmt: skip
    """Of records that failed before, those that are gone or match no more."""
    entity, aside = run.scope.entity(place.query_index), ledger.set_aside
    there = sa.exists().where(matching).select_from(entity.table)
    if texts := list(connection.execute(sa.select(aside.c.record).where(*among, ~there)).scalars()):
        ledger.forget(connection, run.id, place.query_index, texts)
        result.cleared.append(ids_of(entity, texts))
        result.vanished = len(texts)
