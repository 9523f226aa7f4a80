"""Growth: what a closure takes along by cascades, found level by level, held, and looked at once more when held."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.records.catalogue import Relationship
from bulkdelete.records.closure import Closure
from bulkdelete.records.holding import Refuse, hold_level


def grow(closure: Closure, refuse: Refuse) -> None:
    """Add what cascades take along, level by level, and hold those records.

    `refuse` is told, with the error and the entity, which roots reach a record that somebody else holds.
    """
    if not closure.cascades or (closure.is_plain and grow_held(closure, refuse)):
        return
    closure.is_plain = False
    depth, parents = 0, {closure.entity.name}
    while parents:
        level = added = grow_level(closure, parents, depth)
        # A record that was renamed between our look and our lock is there by its new key: look again.
        while moved(closure, added, depth + 1, refuse):
            added = grow_level(closure, parents, depth)
        depth, parents = depth + 1, level


def grow_held(closure: Closure, refuse: Refuse) -> bool:
    """All of a plain closure, each level found and held by one statement; whether that passed, else nothing is added.

    What a statement holds it has read as it is now: no record has been moved or renamed since. It waits for nobody:
    who holds what is found the other way, which waits as long as it may.
    """
    dialect = closure.dialect
    try:
        with dialect.savepoint(closure.connection):
            reached = [closure.entity.name]
            for name in reached:
                below = [one for one in closure.cascades if one.parent == name]
                for one in below:
                    closure.rows[one.child] = add_held(closure, one, len(reached))
                reached += [one.child for one in below]
        return True
    except sa.exc.DBAPIError as error:
        if dialect.fault(error).kind != "record" or not dialect.is_alive(closure.connection):
            refuse(error, closure.entity.name, list)
        return False


def add_held(closure: Closure, relationship: Relationship, depth: int) -> int:
    """The records that refer to those of one entity by one relationship, held; returns how many there are."""
    child, parents = closure.entities[relationship.child], closure.tables[relationship.parent].alias("above")
    kid, dialect = child.table.alias("kid"), closure.dialect
    found = sa.select(
        *(kid.c[key] for key in child.key), parents.c.ord,
        sa.bindparam(None, depth, type_=sa.Integer).label("depth"), sa.literal_column("0"),
    ).select_from(closure.referring(relationship, parents, kid, dialect.led_join))  # fmt: skip
    names = [*(column.name for column in closure.keys(relationship.child)), "ord", "depth", "asked"]
    added = sa.insert(closure.tables[relationship.child]).from_select(
        names, dialect.lock_rows(found, of=kid, at_once=True)
    )
    return closure.connection.execute(added, execution_options={"preserve_rowcount": True}).rowcount


def grow_level(closure: Closure, parents: set[str], depth: int) -> set[str]:
    """One level down from the entities that have records at this depth; returns those of which that added some."""
    return {one.child for one in closure.cascades if one.parent in parents and grow_by(closure, one, depth)}


def moved(closure: Closure, names: set[str], depth: int, refuse: Refuse) -> bool:
    """Hold these entities' records of one level; whether some had been moved, renamed or deleted by then."""
    held = [name for name in sorted(names) if hold_level(closure, name, depth, refuse)]
    return sum(drop_moved(closure, name, depth) for name in held) > 0


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
    added = (
        sa.select(
            *keys,
            parents.c.ord,
            sa.bindparam(None, depth + 1, type_=sa.Integer).label("depth"),
            sa.literal_column("0"),
        )
        .distinct()
        .select_from(closure.referring(relationship, parents, kid))
        .where(parents.c.depth == depth, ~known)
    )
    names = [*(column.name for column in closure.keys(relationship.child)), "ord", "depth", "asked"]
    # Of an INSERT the row count is kept only when asked for; without it psycopg's -1 would never end the growth.
    inserted = closure.connection.execute(
        sa.insert(work).from_select(names, added), execution_options={"preserve_rowcount": True}
    )
    return inserted.rowcount


def drop_moved(closure: Closure, name: str, depth: int) -> int:
    """Take out what refers no longer to its parent, or is gone: somebody was faster than our lock. Returns how many."""
    work = closure.tables[name]
    still = []
    for one in closure.cascades:
        if one.child == name:
            kid, above = closure.entities[name].table.alias("kid"), closure.tables[one.parent].alias("above")
            same = [kid.c[key] == work.c[f"k{at}"] for at, key in enumerate(closure.entities[name].key)]
            refers = sa.and_(*same, above.c.ord == work.c.ord, above.c.depth < depth)
            still.append(sa.exists().where(refers).select_from(closure.referring(one, above, kid)))
    columns = [*closure.keys(name), work.c.ord]
    rows = closure.connection.execute(sa.select(*columns).where(work.c.depth == depth, *(~one for one in still))).all()
    for row in rows:
        this = [column == value for column, value in zip(columns, row, strict=True)]
        closure.connection.execute(sa.delete(work).where(*this))
    return len(rows)
