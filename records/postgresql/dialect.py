"""PostgreSQL: what only it does (spec/databases.md §2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.naming import subjects
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.records.catalogue import Entity, Relationship
from bulkdelete.records.conditions.choices import are_sets
from bulkdelete.records.dialect import AnySelect, Span, Walk
from bulkdelete.records.extent import Extent
from bulkdelete.records.postgresql.catalogue import PostgreSQLSchema, probe
from bulkdelete.records.postgresql.extents import COSTS, extent_of
from bulkdelete.records.postgresql.keys import PostgreSQLKeys
from bulkdelete.records.postgresql.operands import PostgreSQLOperands
from bulkdelete.records.postgresql.sessions import PostgreSQLSessions
from bulkdelete.records.postgresql.strain import PostgreSQLStrain
from bulkdelete.records.postgresql.walks import plan_walk, span_of
from bulkdelete.records.predicates import Truth
from bulkdelete.records.values import as_other

BY_INDEX = sa.text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', :join, true), "
    "set_config('enable_mergejoin', :join, true), set_config('enable_material', 'off', true), "
    "set_config('jit', 'off', true)"
)

HOLDERS = """
SELECT DISTINCT a.pid, concat_ws(' ', a.usename, nullif(a.application_name, ''), host(a.client_addr)) AS who,
       a.xact_start AT TIME ZONE 'UTC' AS since
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'relation' AND l.relation = :oid AND l.granted AND a.pid <> pg_backend_pid()
  AND l.mode <> 'AccessShareLock' AND a.xact_start IS NOT NULL
ORDER BY since LIMIT 3
"""
CREATE_SCHEMA = "has_database_privilege(current_database(), 'CREATE') AND CAST(:schema AS text) IS NOT NULL"
QUOTING = PGDialect().identifier_preparer  # type: ignore[no-untyped-call]


class PostgreSQL(PostgreSQLSessions, PostgreSQLOperands, PostgreSQLKeys, PostgreSQLStrain):
    """Several workers, each on ranges of its own."""

    name = "postgresql"
    workers = 2
    alone = False
    target_seconds = 0.1
    longest_seconds = 0.15
    most_records = 20_000
    least_records = 2_000
    first_records = 8_000
    costs = COSTS
    right_of_work_tables = "TEMPORARY on the database"
    deletes_by_join = False
    holds_while_listing = True
    self_cascading_in_levels = False

    def tables(self, connection: sa.Connection) -> PostgreSQLSchema:
        """From the system catalogues: foreign keys of other schemas count too."""
        return PostgreSQLSchema(connection, self.ledger_place.schema, self.ours)

    def check(self, connection: sa.Connection, entity: Entity, tree: QueryTree, where: Truth) -> list[str]:
        """A deletion of nothing, rolled back: finds missing privileges, rules, publications without identity."""
        self.read_values(connection, entity, tree)
        return probe(connection, entity, where)

    def read_values(self, connection: sa.Connection, entity: Entity, tree: QueryTree) -> None:
        """Have the server read the values of types that only it knows. Raises InvalidJobError naming the value."""
        for one, about in subjects(tree):
            if about != tree.entity or one.operator.form.takes != "value":
                continue
            attribute = entity.attribute(one.attribute, f"{one.path}.AttributeName")
            if are_sets(one, attribute, self):
                continue
            for index, value in enumerate(one.values if attribute.kind == "other" else ()):
                try:
                    with self.savepoint(connection):
                        connection.execute(sa.select(self.bound(attribute, as_other(value))))
                except sa.exc.DBAPIError as error:
                    why = self.fault(error).text
                    raise InvalidJobError(
                        f'"{value}" does not fit "{attribute.name}", which is {attribute.native}: {why}',
                        f"{one.path}.Values[{index}]",
                    ) from None

    def walk(self, connection: sa.Connection, entity: Entity, where: Truth) -> Walk:
        """By physical pages for large shares, by an index for small ones."""
        return plan_walk(self, connection, entity, where)

    def span(
        self, connection: sa.Connection, entity: Entity, walk: Mapping[str, Any], unit: int, position: Any, size: int
    ) -> Span:
        """The next batch of a unit."""
        return span_of(connection, entity, walk, unit, position, size)

    def reserve(self, connection: sa.Connection, entities: Sequence[Entity]) -> None:
        """As every statement that writes does: an index being built holds up the table, not its records."""
        tables = ", ".join(QUOTING.format_table(one.table) for one in entities)
        connection.exec_driver_sql(f"LOCK TABLE {tables} IN ROW EXCLUSIVE MODE")

    def lock_rows(
        self,
        select: AnySelect,
        skip_locked: bool = False,
        of: sa.FromClause | None = None,
        keeps_key: bool = False,
        at_once: bool = False,
    ) -> AnySelect:
        """FOR UPDATE: nobody changes them, and nobody adds a child, until the transaction ends."""
        return select.with_for_update(skip_locked=skip_locked, nowait=at_once, of=of, key_share=keeps_key)

    def led_join(self, first: sa.FromClause, second: sa.FromClause, on: Truth) -> sa.Join:
        """Only what is found is held, however it is found."""
        return sa.join(first, second, on)

    def hold_listed(self, select: AnySelect) -> AnySelect:
        """Both statements see the same snapshot already."""
        return select

    def prefer_indexes(self, connection: sa.Connection, all_indexed: bool) -> None:
        """No scans of whole tables; joins by hashing only where an index is missing."""
        join = "off" if all_indexed else "on"
        connection.execute(BY_INDEX, {"join": join})

    def size(self, connection: sa.Connection, entity: Entity) -> int:
        """By the server's own statistics, which `pg_class` keeps."""
        sizes = sa.text("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = :oid")
        return int(connection.execute(sizes, {"oid": int(entity.physical["oid"])}).scalar_one())

    def extent(self, connection: sa.Connection, entity: Entity) -> Extent:
        """By the database's own statistics."""
        return extent_of(connection, entity)

    def holders(self, connection: sa.Connection, entity: Entity) -> str:
        """The sessions that changed or hold something in the table; which record it is PostgreSQL tells nobody."""
        rows = connection.execute(sa.text(HOLDERS), {"oid": int(entity.physical["oid"])}).mappings()
        found = [f"pid {row['pid']}, {row['who']} since {row['since']:%H:%M:%S} UTC" for row in rows]
        return f"at work in the table: {'; '.join(found)}" if found else ""

    def may_create(self, connection: sa.Connection, schema: str | None, is_there: bool) -> bool | None:
        """By the server's word on privileges."""
        asked = "has_schema_privilege(:schema, 'CREATE')" if is_there else CREATE_SCHEMA
        return bool(connection.execute(sa.text(f"SELECT {asked}"), {"schema": schema}).scalar())

    def granted(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> list[str]:
        """To the role that is connected."""
        role = self.quoted(connection.execute(sa.text("SELECT current_user")).scalar_one())
        schemas = dict.fromkeys(self.quoted(one.schema) for one in tables if one.schema)
        names = ", ".join(QUOTING.format_table(one) for one in tables)
        use = [f"GRANT USAGE ON SCHEMA {schema} TO {role}" for schema in schemas]
        return [*use, f"GRANT SELECT, INSERT, UPDATE, DELETE ON {names} TO {role}"]

    def quoted(self, name: str) -> str:
        """A name as SQL needs it."""
        return str(QUOTING.quote(name))

    def give_back(self, table: str) -> str:
        """To the table, for later records; autovacuum does it in its own time."""
        return f"VACUUM (ANALYZE) {table};"

    def create_index(self, table: str, columns: str, name: str) -> str:
        """Without a lock that writers would wait for; the server names it."""
        return f"CREATE INDEX CONCURRENTLY ON {table} ({columns});"

    def restricted(self, relationship: Relationship) -> tuple[str, str]:
        """Used where the database was not asked itself."""
        parent, child = (name.rpartition(".")[2] for name in (relationship.parent, relationship.child))
        text = f'update or delete on table "{parent}" violates foreign key constraint "{relationship.name}"'
        return "23503", f'{text} on table "{child}"'

    def self_restricting_in_levels(self, relationship: Relationship) -> bool:
        """One statement may delete both, whatever the rule."""
        return False
