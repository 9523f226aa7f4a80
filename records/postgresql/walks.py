"""How a PostgreSQL table is walked."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.dialect import AnySelect, Span, Walk
from bulkdelete.records.keyset import key_span
from bulkdelete.records.native_types import NativeType
from bulkdelete.records.predicates import Truth

if TYPE_CHECKING:
    from bulkdelete.records.dialect import Dialect

FEW = 20_000
"""Records so few that they are found by themselves, not by walking the whole table."""
QUICK = 0.1
"""Seconds that finding them may take, since every batch finds them again."""
SMALL = 2_000
"""Pages of a table so small that every record that matches is counted."""
UNIT = 1_024
"""Pages in a unit."""
LAST_PAGE = 4_294_967_295

LEAVES = """
WITH RECURSIVE tree(oid) AS (
  SELECT CAST(:oid AS oid) UNION ALL SELECT i.inhrelid FROM pg_inherits i JOIN tree ON tree.oid = i.inhparent
)
SELECT n.nspname AS schema, c.relname AS name,
       CAST(pg_relation_size(c.oid) / current_setting('block_size')::int AS bigint) AS pages,
       c.reltuples AS records, c.relpages AS analysed
FROM tree JOIN pg_class c ON c.oid = tree.oid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' ORDER BY c.oid
"""


BY_ALL_PROCESSORS = sa.text(
    "SELECT set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true)"
)
"""After a pass nothing is left, and the statistics do not know it yet: they would have one process look for the first
few, where several read the whole table in half the time."""


def plan_walk(dialect: Dialect, connection: sa.Connection, entity: Entity, where: Truth) -> Walk:
    """Few that are quickly found: those; else physical pages, per leaf partition."""
    leaves = [dict(row) for row in connection.execute(sa.text(LEAVES), {"oid": int(entity.physical["oid"])}).mappings()]
    pages = sum(leaf["pages"] for leaf in leaves)
    estimated, indexed = estimate(connection, entity, where)
    # Counted even where no index helps: it ends at the first many, and after a pass there are none, which saves a walk.
    connection.execute(BY_ALL_PROCESSORS)
    started = time.monotonic()
    few = count_few(dialect, connection, entity, where)
    is_quick = indexed or pages <= SMALL or time.monotonic() - started < QUICK
    if few == 0 or (few is not None and few <= FEW and is_quick):
        return Walk({"kind": "matching"}, 1 if few else 0, few)
    if few is not None and few <= FEW:
        estimated = few
    elif few is not None and pages <= SMALL:
        estimated = count_all(dialect, connection, entity, where, estimated)
    if len(leaves) > 1 and entity.physical["kind"] == "r":
        # Inheritance: a deletion from the parent reaches the children, so a range of the parent alone is none.
        return Walk({"kind": "keys"}, 1, estimated)
    ranges = [
        {
            "schema": leaf["schema"], "name": leaf["name"], "units": max(1, -(-leaf["pages"] // UNIT)),
            "density": round(leaf["records"] / leaf["analysed"], 1) if leaf["analysed"] and leaf["records"] > 0 else 50,
        }
        for leaf in leaves
    ]  # fmt: skip
    return Walk({"kind": "pages", "pages": UNIT, "leaves": ranges}, sum(one["units"] for one in ranges), estimated)


def estimate(connection: sa.Connection, entity: Entity, where: Truth) -> tuple[int, bool]:
    """The planner's guess of how many match, and whether it would use an index to find them."""
    select = sa.select(*entity.key_columns).where(where)
    compiled = select.compile(connection, compile_kwargs={"render_postcompile": True})
    explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", compiled.params)
    (plan,) = explained.scalar_one()
    return int(plan["Plan"]["Plan Rows"]), "Seq Scan" not in str(plan)


def count_few(dialect: Dialect, connection: sa.Connection, entity: Entity, where: Truth) -> int | None:
    """How many match, counted up to one more than few; None where that takes too long."""
    some = sa.select(sa.literal(1).label("one")).select_from(entity.table).where(where).limit(FEW + 1).subquery()
    return counted(dialect, connection, sa.select(sa.func.count()).select_from(some))


def count_all(dialect: Dialect, connection: sa.Connection, entity: Entity, where: Truth, otherwise: int) -> int:
    """How many match; the estimate where counting takes too long."""
    count = counted(dialect, connection, sa.select(sa.func.count()).select_from(entity.table).where(where))
    return otherwise if count is None else count


def counted(dialect: Dialect, connection: sa.Connection, select: AnySelect) -> int | None:
    """The count, or None where the server ended it for taking too long."""
    try:
        with dialect.savepoint(connection):
            return int(connection.execute(select).scalar_one())
    except sa.exc.DBAPIError as error:
        if dialect.fault(error).kind != "slow":
            raise
        return None


def span_of(
    connection: sa.Connection, entity: Entity, walk: Mapping[str, Any], unit: int, position: Any, size: int
) -> Span:
    """The next batch of a unit: the last range of each leaf is open."""
    if walk["kind"] == "keys":
        return key_span(connection, entity, position, size)
    if walk["kind"] == "matching":
        return Span(entity.table, sa.true(), None, False, limit=size)
    for leaf in walk["leaves"]:
        if unit < leaf["units"]:
            break
        unit -= leaf["units"]
    low = position if position is not None else unit * walk["pages"]
    end = (unit + 1) * walk["pages"]
    high = min(end, low + max(1, int(size / leaf["density"])))
    last = high >= end
    table = entity.table
    if (leaf["schema"], leaf["name"]) != (table.schema, table.name):
        table = partition(table, leaf["schema"], leaf["name"])
    ctid = table.c.ctid
    open_end = last and unit == leaf["units"] - 1
    top = f"({LAST_PAGE},0)" if open_end else f"({high},0)"
    return Span(table, sa.and_(ctid >= tid(f"({low},0)"), ctid < tid(top)), None if last else high, last)


@functools.lru_cache(maxsize=1024)
def partition(table: sa.Table, schema: str, name: str) -> sa.Table:
    """A leaf of a partitioned table; one object a leaf, so that its statements are compiled once."""
    return table.to_metadata(sa.MetaData(), schema=schema, name=name)


def tid(text: str) -> sa.ColumnElement[Any]:
    """A physical place; bound, so that every batch is the same statement."""
    native = NativeType("tid")
    return sa.cast(sa.bindparam(None, text, type_=native), native)
