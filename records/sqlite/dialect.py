"""SQLite: what only it does (spec/databases.md §4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.records.catalogue import Entity, Relationship
from bulkdelete.records.dialect import AnySelect, Span, Walk
from bulkdelete.records.extent import Extent
from bulkdelete.records.predicates import Truth
from bulkdelete.records.sqlite.catalogue import SQLiteSchema
from bulkdelete.records.sqlite.extents import COSTS, extent_of
from bulkdelete.records.sqlite.keys import QUOTING, SQLiteKeys
from bulkdelete.records.sqlite.operands import SQLiteOperands
from bulkdelete.records.sqlite.sessions import SQLiteSessions
from bulkdelete.records.sqlite.strain import SQLiteStrain
from bulkdelete.records.sqlite.walks import plan_walk, span_of

FOREIGN_KEY, RESTRICT = 787, 1811
"""Extended codes: SQLITE_CONSTRAINT_FOREIGNKEY, and SQLITE_CONSTRAINT_TRIGGER, which RESTRICT gives."""


ON_DELETION = re.compile(r"\bDELETE\s+ON\b", re.IGNORECASE)
"""What the statement of a trigger on deletion says, and no other trigger's head."""


class SQLite(SQLiteSessions, SQLiteOperands, SQLiteKeys, SQLiteStrain):
    """One file, one writer: every transaction takes the write lock at its beginning."""

    name = "sqlite"
    workers = 1
    alone = True
    target_seconds = 0.45
    longest_seconds = 0.9
    most_records = 100_000
    least_records = 10_000
    first_records = 20_000
    costs = COSTS
    right_of_work_tables = "write access to the folder of temporary files"
    deletes_by_join = False
    holds_while_listing = True
    self_cascading_in_levels = True

    def tables(self, connection: sa.Connection) -> SQLiteSchema:
        """From the pragmas: SQLAlchemy's reflection loses delete rules in SQLite."""
        return SQLiteSchema(connection, self.ours)

    def check(self, connection: sa.Connection, entity: Entity, tree: QueryTree, where: Truth) -> list[str]:
        """A deletion of nothing finds broken foreign keys, missing functions and collations."""
        connection.execute(sa.delete(entity.table).where(where, sa.literal_column("0")))
        named = sa.text("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = :t ORDER BY name")
        return [
            f'trigger "{row.name}" runs for each deleted record of {entity.name}'
            for row in connection.execute(named, {"t": entity.table.name})
            if ON_DELETION.search(row.sql)
        ]

    def walk(self, connection: sa.Connection, entity: Entity, where: Truth) -> Walk:
        """By ranges of rowids; the few that match by themselves; without rowids by the key."""
        return plan_walk(self, connection, entity, where)

    def span(
        self, connection: sa.Connection, entity: Entity, walk: Mapping[str, Any], unit: int, position: Any, size: int
    ) -> Span:
        """The next batch of a unit."""
        return span_of(connection, entity, walk, unit, position, size)

    def reserve(self, connection: sa.Connection, entities: Sequence[Entity]) -> None:
        """The whole file is ours already."""

    def lock_rows(
        self,
        select: AnySelect,
        skip_locked: bool = False,
        of: sa.FromClause | None = None,
        keeps_key: bool = False,
        at_once: bool = False,
    ) -> AnySelect:
        """The whole file is ours already."""
        return select

    def led_join(self, first: sa.FromClause, second: sa.FromClause, on: Truth) -> sa.Join:
        """The whole file is ours already."""
        return sa.join(first, second, on)

    def hold_listed(self, select: AnySelect) -> AnySelect:
        """The whole file is ours already."""
        return select

    def prefer_indexes(self, connection: sa.Connection, all_indexed: bool) -> None:
        """SQLite does."""

    def size(self, connection: sa.Connection, entity: Entity) -> int:
        """By the highest rowid; counted where there is none."""
        if rowid := entity.physical["rowid"]:
            highest = connection.execute(
                sa.select(sa.func.max(sa.literal_column(rowid))).select_from(entity.table)
            ).scalar()
            return int(highest or 0)
        return int(connection.execute(sa.select(sa.func.count()).select_from(entity.table)).scalar_one())

    def extent(self, connection: sa.Connection, entity: Entity) -> Extent:
        """By the database's own statistics."""
        return extent_of(connection, entity, self.size(connection, entity))

    def holders(self, connection: sa.Connection, entity: Entity) -> str:
        """Nobody: the whole file is ours."""
        return ""

    def may_create(self, connection: sa.Connection, schema: str | None, is_there: bool) -> bool | None:
        """Whoever may write the file."""
        return None

    def granted(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> list[str]:
        """None: who may write the file may do everything."""
        return []

    def quoted(self, name: str) -> str:
        """A name as SQL needs it."""
        return str(QUOTING.quote(name))

    def give_back(self, table: str) -> str:
        """To the file system; it makes the whole file anew."""
        return "VACUUM;"

    def create_index(self, table: str, columns: str, name: str) -> str:
        """The file is locked meanwhile."""
        return f"CREATE INDEX {name} ON {table} ({columns});"

    def restricted(self, relationship: Relationship) -> tuple[str, str]:
        """SQLite names neither the constraint nor the table."""
        return str(RESTRICT if relationship.rule == "restrict" else FOREIGN_KEY), "FOREIGN KEY constraint failed"

    def self_restricting_in_levels(self, relationship: Relationship) -> bool:
        """RESTRICT bites at once, also within one statement; and so does a link that is cleared and may not be null."""
        rule = relationship.enforced
        return rule == "restrict" or (rule == "remove_link" and relationship.required)
