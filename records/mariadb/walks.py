"""How a MariaDB or MySQL table is walked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import AnySelect, Span, Walk
from bulkdelete.records.keyset import key_span
from bulkdelete.records.predicates import Truth

if TYPE_CHECKING:
    from bulkdelete.records.dialect import Dialect

FEW = 20_000
"""Records so few that they are found by themselves, not by walking the whole table."""
SMALL = 100_000
"""Records of a table so small that finding them by themselves is quick without an index."""


def plan_walk(dialect: Dialect, connection: sa.Connection, entity: Entity, where: Truth) -> Walk:
    """Few that are quickly found: those; else ranges of the primary key, in which InnoDB keeps the records."""
    size = dialect.size(connection, entity)
    estimated, indexed = estimate(connection, entity, where)
    if size <= SMALL or (indexed and estimated <= FEW):
        few = counted(dialect, connection, some_of(entity, where, FEW + 1))
        if few is not None and few <= FEW:
            return Walk({"kind": "matching"}, 1 if few else 0, few)
    count = counted(dialect, connection, sa.select(sa.func.count()).select_from(entity.table).where(where))
    if count == 0:
        return Walk({"kind": "matching"}, 0, 0)
    return Walk({"kind": "keys"}, 1, estimated if count is None else count)


def some_of(entity: Entity, where: Truth, most: int) -> AnySelect:
    """How many match, counted up to so many."""
    some: AnySelect = sa.select(sa.literal_column("1").label("one")).select_from(entity.table).where(where).limit(most)
    return sa.select(sa.func.count()).select_from(some.subquery())


def counted(dialect: Dialect, connection: sa.Connection, select: AnySelect) -> int | None:
    """The count, or None where the server ended it for taking too long."""
    try:
        with dialect.savepoint(connection):
            return int(connection.execute(select).scalar_one())
    except sa.exc.DBAPIError as error:
        if dialect.fault(error).kind != "slow":
            raise
        return None


def estimate(connection: sa.Connection, entity: Entity, where: Truth) -> tuple[int, bool]:
    """The optimizer's guess of how many it looks at, and whether it would use an index to find them."""
    select = sa.select(*entity.key_columns).where(where)
    compiled = select.compile(connection, compile_kwargs={"render_postcompile": True})
    # Not FORMAT=JSON: that is no JSON where a name holds a quote.
    rows = connection.exec_driver_sql(f"EXPLAIN {compiled}", dict(compiled.params)).mappings().all()
    # With a filter of row ids MariaDB writes `2 (17%)`: so many by the index, and the part that the filter lets pass.
    looked = max((int(str(row["rows"] or 0).split()[0]) for row in rows), default=0)
    return looked, all(row["type"] not in {"ALL", "index"} for row in rows)


def span_of(connection: sa.Connection, entity: Entity, walk: Mapping[str, Any], position: Any, size: int) -> Span:
    """The next batch of a walk."""
    if walk["kind"] == "matching":
        return Span(entity.table, sa.true(), None, False, limit=size)
    return key_span(connection, entity, position, size, spelled_out=True)
