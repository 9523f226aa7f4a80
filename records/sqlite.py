"""SQLite: what only it does (spec/databases.md §4)."""

from __future__ import annotations

import datetime
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from bulkdelete.domain.errors import UnavailableError
from bulkdelete.domain.query import QueryTree, Value
from bulkdelete.domain.record_ids import KeyKind, RecordIds
from bulkdelete.records.catalogue import Attribute, Catalogue, Entity, Relationship
from bulkdelete.records.dialect import AnySelect, Fault, Span, Walk
from bulkdelete.records.instants import ISO, canonical, spelled
from bulkdelete.records.predicates import Truth
from bulkdelete.records.sqlite_catalogue import reflect
from bulkdelete.records.sqlite_expressions import Kept, affinity_of, as_text, instant_before, instant_of, read_list
from bulkdelete.records.sqlite_walks import plan_walk, span_of
from bulkdelete.records.values import Bound
from bulkdelete.records.work_tables import WorkTables

CACHE_KIB = 80 * 1024
WAL_PAGES = 100_000
"""Pages in the write-ahead log beyond which a commit copies them itself; we do it before, between batches."""
WAL_BATCHES = 4
"""Batches after which the log is copied: each page that several of them wrote is then copied once."""
BUSY, LOCKED, READONLY, INTERRUPT, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB = 5, 6, 8, 9, 10, 11, 13, 14, 15, 26
AWAY = {READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB}
FOREIGN_KEY, RESTRICT = 787, 1811
"""Extended codes: SQLITE_CONSTRAINT_FOREIGNKEY, and SQLITE_CONSTRAINT_TRIGGER, which RESTRICT gives."""

QUOTING = SQLiteDialect().identifier_preparer
TEXTUAL_TIME = {"date", "datetime"}


def prepare(connection: Any, _record: object) -> None:
    """Settings of a new connection; foreign keys are off by default and cannot be switched inside a transaction."""
    connection.isolation_level = None
    connection.create_function("bulkdelete_instant", 1, canonical, deterministic=True)
    for pragma in ("foreign_keys=ON", "busy_timeout=200", "synchronous=FULL", f"cache_size=-{CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}").fetchall()
    if connection.execute("PRAGMA foreign_keys").fetchone() != (1,):
        raise UnavailableError("this SQLite does not enforce foreign keys: deleting would leave orphans")


class SQLite:
    """One file, one writer: every transaction takes the write lock at its beginning."""

    name = "sqlite"
    workers = 1
    target_seconds = 0.45
    most_records = 100_000
    least_records = 10_000
    first_records = 20_000
    schema: str | None = None

    def __init__(self) -> None:
        self.work_tables = WorkTables("temp")
        self.uncopied = 0
        """Batches that are in the write-ahead log only, as far as we know."""

    def engine(self, url: sa.URL) -> sa.Engine:
        """Connections to the file, used by one thread at a time."""
        engine = sa.create_engine(
            url, pool_size=2, pool_use_lifo=True, connect_args={"check_same_thread": False, "timeout": 0.2}
        )
        sa.event.listen(engine, "connect", prepare)
        return engine

    @contextmanager
    def transaction(self, engine: sa.Engine, snapshot: bool = False) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock: what it reads is what it writes to."""
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                if self.is_alive(connection):
                    connection.exec_driver_sql("ROLLBACK")
                raise

    def between(self, engine: sa.Engine) -> None:
        """Copy the write-ahead log into the file: nobody waits for it, but it would count as the batch's time."""
        self.uncopied += 1
        if self.uncopied >= WAL_BATCHES:
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()
            self.uncopied = 0

    @contextmanager
    def reading(self, engine: sa.Engine, seconds: float) -> Iterator[sa.Connection]:
        """A reader, interrupted after so long."""
        with engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            deadline = time.monotonic() + seconds
            driver.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
            try:
                connection.exec_driver_sql("BEGIN")
                yield connection
            finally:
                driver.set_progress_handler(None, 0)
                if self.is_alive(connection):
                    connection.exec_driver_sql("ROLLBACK")

    def is_alive(self, connection: sa.Connection) -> bool:
        """RAISE(ROLLBACK) and some errors end the transaction; the next statement would commit by itself."""
        driver: Any = connection.connection.dbapi_connection
        return bool(driver.in_transaction)

    @contextmanager
    def savepoint(self, connection: sa.Connection) -> Iterator[None]:
        """RAISE(FAIL) leaves what a failed statement did before: always rolled back."""
        connection.exec_driver_sql("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            if self.is_alive(connection):
                connection.exec_driver_sql("ROLLBACK TO attempt")
                connection.exec_driver_sql("RELEASE attempt")
            raise
        connection.exec_driver_sql("RELEASE attempt")

    def fault(self, error: BaseException) -> Fault:
        """By SQLite's extended code."""
        origin = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        code = getattr(origin, "sqlite_errorcode", None)
        text = str(origin)
        if code is None:
            away = isinstance(origin, sqlite3.ProgrammingError | sqlite3.InterfaceError | UnavailableError)
            return Fault("away" if away else "record", type(origin).__name__, text)
        primary = code & 0xFF
        if primary in {BUSY, LOCKED}:
            return Fault("locked", str(code), text)
        if primary == INTERRUPT:
            return Fault("slow", str(code), text)
        return Fault("away" if primary in AWAY else "record", str(code), text)

    def now(self) -> sa.ColumnElement[datetime.datetime]:
        """UTC, in milliseconds."""
        return sa.literal_column("strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")

    def read_clock(self, value: Any) -> datetime.datetime:
        """An instant in UTC."""
        return datetime.datetime.fromisoformat(value)

    def catalogue(self, connection: sa.Connection, entities: Sequence[str], paths: Sequence[str]) -> Catalogue:
        """From the pragmas: SQLAlchemy's reflection loses delete rules in SQLite."""
        return reflect(connection, entities, paths)

    def understood(self, attribute: Attribute, values: tuple[Value, ...]) -> Attribute:
        """A column declared as text may hold times: compared with a time it means the instant it spells."""
        if attribute.kind == "text" and all(isinstance(one, str) and ISO.fullmatch(one.strip()) for one in values):
            return replace(attribute, kind="datetime")
        if attribute.kind == "date":
            return replace(attribute, kind="datetime")
        if attribute.kind == "other" and all(not isinstance(one, str) for one in values):
            return replace(attribute, kind="decimal")
        if attribute.kind == "other" and all(isinstance(one, str) for one in values):
            return replace(attribute, kind="text")
        return attribute

    def operand(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[object]:
        """The column; a time in its canonical spelling, by SQLite itself where it is already close to it."""
        column = entity.table.c[attribute.name]
        return instant_of(column) if attribute.kind in TEXTUAL_TIME else column

    def bound(self, attribute: Attribute, value: Bound) -> sa.ColumnElement[object]:
        """The value in the storage class it is compared with."""
        match value:
            case datetime.datetime():
                return sa.bindparam(None, spelled(value), type_=sa.Text)
            case bool():
                return sa.bindparam(None, int(value), type_=sa.Integer)
            case Decimal():
                number = int(value) if value == value.to_integral_value() else float(value)
                return sa.bindparam(None, number, type_=sa.Integer if isinstance(number, int) else sa.Float)
            case _:
                return sa.bindparam(None, value, type_=sa.types.NullType())

    def guard(self, entity: Entity, attribute: Attribute) -> Truth | None:
        """A column may hold any type, and numbers sort before all text: only the declared kind is compared."""
        column = entity.table.c[attribute.name]
        match attribute.kind:
            case "text":
                return sa.func.typeof(column) == sa.literal_column("'text'")
            case "integer" | "decimal" | "float" | "boolean":
                return sa.func.typeof(column).in_([sa.literal_column("'integer'"), sa.literal_column("'real'")])
            case "binary":
                return sa.func.typeof(column) == sa.literal_column("'blob'")
            case _:
                return None

    def before(self, entity: Entity, attribute: str, cut_off: datetime.datetime) -> Truth:
        """By the instant the text spells; what spells none is never before."""
        return instant_before(entity.table.c[attribute], spelled(cut_off))

    def check(self, connection: sa.Connection, entity: Entity, tree: QueryTree, where: Truth) -> list[str]:
        """A deletion of nothing finds broken foreign keys, missing functions and collations."""
        connection.execute(sa.delete(entity.table).where(where, sa.literal_column("0")))
        return []

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

    def lock_rows(self, select: AnySelect, skip_locked: bool = False) -> AnySelect:
        """The whole file is ours already."""
        return select

    def key_type(self, entity: Entity, column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
        """The column's affinity and collation."""
        attribute = entity.attributes[column.name]
        collation = f" COLLATE {self.quoted(attribute.collation)}" if attribute.collation else ""
        return Kept(affinity_of(attribute.native) + collation)

    def prefer_indexes(self, connection: sa.Connection, all_indexed: bool) -> None:
        """SQLite does."""

    def key_text(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[str]:
        """The key as text, a blob in hexadecimal, a composite key as a JSON list."""
        texts = [as_text(column) for column in columns]
        return texts[0] if len(texts) == 1 else sa.func.json_array(*texts)

    def key_equals(self, entity: Entity, record: sa.ColumnElement[str]) -> Truth:
        """By the key's index, which needs the column alone on one side."""
        columns = entity.key_columns
        if len(columns) == 1:
            (column,) = columns
            if entity.attributes[entity.key[0]].kind in {"binary", "other"}:
                return as_text(column) == record
            return column == (sa.cast(record, sa.Integer) if entity.key_kind == "int8" else record)
        return sa.and_(
            *(as_text(column) == sa.func.json_extract(record, f"$[{at}]") for at, column in enumerate(columns))
        )

    def packed(self, kind: KeyKind, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        """A JSON list, as bytes."""
        match kind:
            case "int8":
                packed = sa.func.json_group_array(columns[0])
            case "composite":
                packed = sa.func.json_group_array(sa.func.json(self.key_text(columns)))
            case _:
                packed = sa.func.json_group_array(self.key_text(columns))
        return sa.cast(packed, sa.LargeBinary)

    def unpacked(self, kind: KeyKind, value: Any, count: int) -> RecordIds:
        """The list that SQLite wrote."""
        return read_list(kind, value, count)

    def work_table(self, connection: sa.Connection, name: str, columns: Sequence[sa.Column[Any]]) -> sa.Table:
        """A temporary table, emptied where it is left from a batch before."""
        work = self.work_tables.made(connection, name, columns)
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS temp.{work.table.name}")
        for statement in work.ddl:
            connection.exec_driver_sql(statement)
        return work.table

    def size(self, connection: sa.Connection, entity: Entity) -> int:
        """By the highest rowid; counted where there is none."""
        if rowid := entity.physical["rowid"]:
            highest = connection.execute(
                sa.select(sa.func.max(sa.literal_column(rowid))).select_from(entity.table)
            ).scalar()
            return int(highest or 0)
        return int(connection.execute(sa.select(sa.func.count()).select_from(entity.table)).scalar_one())

    def quoted(self, name: str) -> str:
        """A name as SQL needs it."""
        return str(QUOTING.quote(name))

    def restricted(self, relationship: Relationship) -> tuple[str, str]:
        """SQLite names neither the constraint nor the table."""
        return str(RESTRICT if relationship.rule == "restrict" else FOREIGN_KEY), "FOREIGN KEY constraint failed"

    def self_restricting_in_levels(self, relationship: Relationship) -> bool:
        """RESTRICT bites at once, also within one statement."""
        return relationship.rule == "restrict"
