"""Growth: what a closure takes along by cascades, found level by level, held, and looked at once more when held."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from bulkdelete.records.catalogue import Relationship
from bulkdelete.records.closure import Closure
from bulkdelete.records.dialect import AnySelect

Refuse = Callable[[sa.exc.DBAPIError, str, Callable[[], list[int]]], None]
"""Told the error, the entity, and how to ask which roots reach a record that somebody else holds."""


def grow(closure: Closure, refuse: Refuse) -> None:
    """Add what cascades take along, level by level, and hold those records.

    `refuse` is told, with the error and the entity, which roots reach a record that somebody else holds.
    """
    depth, grown = 0, bool(closure.cascades)
    while grown:
        level = {one.child for one in closure.cascades if grow_by(closure, one, depth)}
        depth, grown = depth + 1, bool(level)
        for name in sorted(level):
            if hold(closure, name, depth, refuse):
                drop_moved(closure, name, depth)


def grow_by(closure: Closure, relationship: Relationship, depth: int) -> int:
    """One level down one relationship; returns how many rows that added."""
    child = closure.entities[relationship.child]
    work = closure.tables[relationship.child]
    kid = child.table.alias("kid")
    parents = closure.tables[relationship.parent].alias("above")
    keys = [kid.c[key] for key in child.key]
    present = work.alias("present")
    known = sa.exists().where(
        present.c.ord == parents.c.ord, *(present.c[f"k{at}"] == key for at, key in enumerate(keys))
    )
    linked = closure.linked(relationship, parents, kid)
    added = (
        sa.select(
            *keys,
            parents.c.ord,
            sa.bindparam(None, depth + 1, type_=sa.Integer).label("depth"),
            sa.literal_column("0"),
        )
        .distinct()
        .where(linked, parents.c.depth == depth, ~known)
    )
    names = [*(column.name for column in closure.keys(relationship.child)), "ord", "depth", "asked"]
    # Of an INSERT the row count is kept only when asked for; without it psycopg's -1 would never end the growth.
    inserted = closure.connection.execute(
        sa.insert(work).from_select(names, added), execution_options={"preserve_rowcount": True}
    )
    return inserted.rowcount


def hold(closure: Closure, name: str, depth: int, refuse: Refuse) -> bool:
    """Hold the records of one level, so that nobody changes them or adds children; whether that was needed."""
    entity, work = closure.entities[name], closure.tables[name]
    keys = entity.key_columns
    level = sa.select(*closure.keys(name)).where(work.c.depth == depth)
    records = sa.select(*keys).where((keys[0] if len(keys) == 1 else sa.tuple_(*keys)).in_(level))
    held = closure.dialect.lock_rows(records)
    if held is records:
        return False
    try:
        with closure.dialect.savepoint(closure.connection):
            closure.connection.execute(sa.select(sa.func.count()).select_from(held.subquery()))
    except sa.exc.DBAPIError as error:
        refuse(error, name, lambda: held_by_others(closure, name, records, depth))
    return True


def drop_moved(closure: Closure, name: str, depth: int) -> None:
    """Take out what refers no longer to its parent, or is gone: somebody was faster than our lock."""
    work = closure.tables[name]
    still = []
    for one in closure.cascades:
        if one.child == name:
            kid, above = closure.entities[name].table.alias("kid"), closure.tables[one.parent].alias("above")
            linked = closure.linked(one, above, kid)
            same = [kid.c[key] == work.c[f"k{at}"] for at, key in enumerate(closure.entities[name].key)]
            refers = sa.and_(linked, *same, above.c.ord == work.c.ord, above.c.depth < depth)
            still.append(sa.exists().where(refers))
    columns = [*closure.keys(name), work.c.ord]
    moved = sa.select(*columns).where(work.c.depth == depth, *(~one for one in still))
    for row in closure.connection.execute(moved).all():
        this = [column == value for column, value in zip(columns, row, strict=True)]
        closure.connection.execute(sa.delete(work).where(*this))


def held_by_others(closure: Closure, name: str, records: AnySelect, depth: int) -> list[int]:
    """The roots of one level's records that a lock which does not wait leaves out."""
    work = closure.tables[name]
    free = closure.dialect.lock_rows(records, skip_locked=True).cte("free")
    same = sa.exists().where(*(free.c[at] == key for at, key in enumerate(closure.keys(name))))
    rows = sa.select(work.c.ord).distinct().where(work.c.depth == depth, ~same)
    return list(closure.connection.execute(rows).scalars())
