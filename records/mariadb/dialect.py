"""MariaDB and MySQL: what only it does (spec/databases.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mysql.base import MySQLDialect

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.records.catalogue import Entity, Relationship
from bulkdelete.records.dialect import AnySelect, Span, Walk
from bulkdelete.records.extent import Extent
from bulkdelete.records.mariadb.catalogue import MariaDBSchema
from bulkdelete.records.mariadb.cautions import cautions
from bulkdelete.records.mariadb.copies import is_mysql, open_once, too_old
from bulkdelete.records.mariadb.expressions import StraightJoin
from bulkdelete.records.mariadb.extents import COSTS, extent_of
from bulkdelete.records.mariadb.held_first import ReadThenWritten
from bulkdelete.records.mariadb.keys import MariaDBKeys
from bulkdelete.records.mariadb.operands import MariaDBOperands
from bulkdelete.records.mariadb.sessions import MariaDBSessions
from bulkdelete.records.mariadb.strain import MariaDBStrain
from bulkdelete.records.mariadb.walks import plan_walk, span_of
from bulkdelete.records.predicates import Truth

HELD = """
SELECT DISTINCT t.PROCESSLIST_ID AS id, concat(t.PROCESSLIST_USER, '@', t.PROCESSLIST_HOST) AS who,
       r.trx_started AS since
FROM performance_schema.data_locks l JOIN performance_schema.threads t ON t.THREAD_ID = l.THREAD_ID
JOIN information_schema.INNODB_TRX r ON r.trx_mysql_thread_id = t.PROCESSLIST_ID
WHERE l.OBJECT_SCHEMA = :db AND l.OBJECT_NAME = :name AND l.LOCK_TYPE = 'RECORD' AND l.LOCK_STATUS = 'GRANTED'
AND t.PROCESSLIST_ID <> CONNECTION_ID() ORDER BY r.trx_started LIMIT 3
"""
"""On MySQL: the locks are told with their table."""
HOLDERS = """
SELECT t.trx_mysql_thread_id AS id, concat(p.USER, '@', p.HOST) AS who, t.trx_started AS since
FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id
WHERE t.trx_mysql_thread_id <> CONNECTION_ID() AND t.trx_rows_locked > 0 ORDER BY t.trx_started LIMIT 3
"""
MAY_CREATE = """
SELECT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES
               WHERE GRANTEE = :grantee AND PRIVILEGE_TYPE = 'CREATE')
    OR EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = :grantee
               AND PRIVILEGE_TYPE = 'CREATE' AND coalesce(:db, DATABASE()) LIKE TABLE_SCHEMA), CURRENT_ROLE()
"""
QUOTING = MySQLDialect().identifier_preparer


def backticked(name: str) -> str:
    """A name in quotes, whether it needs them or not."""
    return "`" + name.replace("`", "``") + "`"


class MariaDB(MariaDBSessions, MariaDBOperands, MariaDBKeys, MariaDBStrain):
    """One worker at a time with profit: purging what was deleted costs as much as deleting."""

    name = "mariadb"
    workers = 1
    alone = False
    target_seconds = 0.1
    longest_seconds = 0.15
    most_records = 20_000
    least_records = 2_000
    first_records = 8_000
    costs = COSTS
    right_of_work_tables = "CREATE TEMPORARY TABLES on the database"
    deletes_by_join = True
    holds_while_listing = False
    self_cascading_in_levels = True

    def engine(self, url: sa.URL) -> sa.Engine:
        """Connections that, where MySQL answers, do without what it lacks."""
        engine = super().engine(url)
        sa.event.listen(engine, "before_execute", ReadThenWritten(self), retval=True)
        sa.event.listen(engine, "before_cursor_execute", open_once, retval=True)
        return engine

    def tables(self, connection: sa.Connection) -> MariaDBSchema:
        """From the information schema: foreign keys of other databases count too. Raises InvalidJobError."""
        if why := too_old(connection.dialect):
            raise InvalidJobError(why, "database")
        return MariaDBSchema(connection, self.ours)

    def check(self, connection: sa.Connection, entity: Entity, tree: QueryTree, where: Truth) -> list[str]:
        """A deletion of nothing finds missing privileges."""
        nothing: Truth = sa.literal_column("1 = 0")
        try:
            connection.execute(self.lock_rows(sa.select(*entity.key_columns).where(where, nothing))).all()
            connection.execute(sa.delete(entity.table).where(where, nothing))
        except sa.exc.DBAPIError as error:
            fault = self.fault(error)
            if fault.kind != "record":
                raise
            raise InvalidJobError(f"{fault.number}: {fault.text}", "database") from error
        return cautions(connection, entity)

    def walk(self, connection: sa.Connection, entity: Entity, where: Truth) -> Walk:
        """By an index for small shares, by ranges of the primary key for large ones."""
        return plan_walk(self, connection, entity, where)

    def span(
        self, connection: sa.Connection, entity: Entity, walk: Mapping[str, Any], unit: int, position: Any, size: int
    ) -> Span:
        """The next batch of a unit."""
        return span_of(connection, entity, walk, position, size)

    def reserve(self, connection: sa.Connection, entities: Sequence[Entity]) -> None:
        """Whoever changes a table holds it up for two seconds at most, before any record is tried."""
        for one in entities:
            connection.execute(sa.select(sa.literal_column("1")).select_from(one.table).limit(0)).all()

    def lock_rows(
        self,
        select: AnySelect,
        skip_locked: bool = False,
        of: sa.FromClause | None = None,
        keeps_key: bool = False,
        at_once: bool = False,
    ) -> AnySelect:
        """FOR UPDATE, without waiting: the shortest wait the server knows is a second."""
        return select.with_for_update(skip_locked=skip_locked, nowait=not skip_locked)

    def led_join(self, first: sa.FromClause, second: sa.FromClause, on: Truth) -> sa.Join:
        """In this order: of a small table the server would read, and lock, all records."""
        return StraightJoin(first, second, on)

    def hold_listed(self, select: AnySelect) -> AnySelect:
        """Held, so that what is deleted next is at least what was listed; the count tells whether it was more."""
        return self.lock_rows(select)

    def prefer_indexes(self, connection: sa.Connection, all_indexed: bool) -> None:
        """Every foreign key has an index, and the work tables have statistics."""

    def size(self, connection: sa.Connection, entity: Entity) -> int:
        """By the server's own statistics."""
        sizes = sa.text(
            "SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name"
        )
        where = {"db": entity.physical["db"], "name": entity.table.name}
        return int(connection.execute(sizes, where).scalar() or 0)

    def extent(self, connection: sa.Connection, entity: Entity) -> Extent:
        """By the database's own statistics."""
        return extent_of(connection, entity)

    def holders(self, connection: sa.Connection, entity: Entity) -> str:
        """The sessions that hold any record (MySQL: of this entity), as far as we may see them (privilege PROCESS)."""
        place = {"db": entity.physical["db"], "name": entity.table.name}
        known = [(HELD, place), (HOLDERS, {})] if is_mysql(connection) else [(HOLDERS, {})]
        rows: Sequence[sa.RowMapping] = []
        for question, about in known:
            try:
                with self.savepoint(connection):
                    rows = connection.execute(sa.text(question), about).mappings().all()
                break
            except sa.exc.DBAPIError as error:
                if self.fault(error).kind != "record":
                    raise
        found = [f"thread {row['id']}, {row['who']} since {row['since']:%H:%M:%S} UTC" for row in rows]
        return f"holding records: {'; '.join(found)}" if found else ""

    def may_create(self, connection: sa.Connection, schema: str | None, is_there: bool) -> bool | None:
        """By what is granted to the account itself; what a role may do is not told."""
        user, _, host = str(connection.execute(sa.text("SELECT CURRENT_USER()")).scalar_one()).rpartition("@")
        about = {"db": schema, "grantee": f"'{user}'@'{host}'"}
        granted, role = connection.execute(sa.text(MAY_CREATE), about).one()
        return True if granted else (False if role in {None, "NONE"} else None)

    def granted(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> list[str]:
        """To the account that is connected, which is a name and a host."""
        account, here = connection.execute(sa.text("SELECT CURRENT_USER(), DATABASE()")).one()
        user, _, host = account.rpartition("@")
        name, place = f"{backticked(user)}@{backticked(host)}", backticked(here or "")
        return [
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {place if one.schema is None else backticked(one.schema)}"
            f".{backticked(one.name)} TO {name}"
            for one in tables
        ]

    def quoted(self, name: str) -> str:
        """A name as SQL needs it."""
        return str(QUOTING.quote(name))

    def give_back(self, table: str) -> str:
        """To the file system; it makes the table anew."""
        return f"OPTIMIZE TABLE {table};"

    def create_index(self, table: str, columns: str, name: str) -> str:
        """While others go on writing."""
        return f"CREATE INDEX {name} ON {table} ({columns}) ALGORITHM=INPLACE LOCK=NONE;"

    def restricted(self, relationship: Relationship) -> tuple[str, str]:
        """Used where the database was not asked itself."""
        text = "Cannot delete or update a parent row: a foreign key constraint fails"
        return "1451", f"{text} (`{relationship.child}`, CONSTRAINT `{relationship.name}` FOREIGN KEY)"

    def self_restricting_in_levels(self, relationship: Relationship) -> bool:
        """InnoDB looks at each record by itself, and clears links before it looks at the next one."""
        return relationship.enforced not in {"cascade", None}
