"""Referring: the records that refer to those of a work table, whoever lists them there."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity, Relationship

Join = Callable[[sa.FromClause, sa.FromClause, sa.ColumnElement[bool]], sa.Join]
"""Joins two of them on a condition."""


def referring(
    relationship: Relationship, parent: Entity, parents: sa.FromClause, kid: sa.FromClause, join: Join = sa.join
) -> sa.Join:
    """Records of a work table, joined to those that refer to them; through their own table where that must say so.

    The parent stands on the left: its collation and affinity say what refers to it.
    """
    pairs = list(zip(relationship.child_columns, relationship.parent_columns, strict=True))
    if set(relationship.parent_columns) <= set(parent.key):
        on = (parents.c[f"k{parent.key.index(other)}"] == kid.c[own] for own, other in pairs)
        return join(parents, kid, sa.and_(*on))
    referred = parent.table.alias("referred")
    same = (referred.c[key] == parents.c[f"k{at}"] for at, key in enumerate(parent.key))
    source = join(parents, referred, sa.and_(*same))
    return join(source, kid, sa.and_(*(referred.c[other] == kid.c[own] for own, other in pairs)))
