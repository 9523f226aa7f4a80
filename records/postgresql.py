"""PostgreSQL: what only it does (spec/databases.md §2)."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.dialects.postgresql.base import PGDialect

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query import QueryTree, Value
from bulkdelete.domain.record_ids import KeyKind, RecordIds
from bulkdelete.records.catalogue import Attribute, Catalogue, Entity, Relationship
from bulkdelete.records.dialect import AnySelect, Fault, Span, Walk
from bulkdelete.records.postgresql_catalogue import probe, reflect
from bulkdelete.records.postgresql_faults import fault_of
from bulkdelete.records.postgresql_types import NativeType
from bulkdelete.records.postgresql_walks import plan_walk, span_of
from bulkdelete.records.predicates import Truth
from bulkdelete.records.values import Bound, as_other
from bulkdelete.records.work_tables import WorkTables

SETTINGS = (
    "SET TRANSACTION ISOLATION LEVEL {level}; SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL lock_timeout = '200ms'; "
    "SET LOCAL statement_timeout = '{statement}'; SET LOCAL idle_in_transaction_session_timeout = '10s'; "
    "SET LOCAL synchronous_commit = on; SET LOCAL row_security = off; SET LOCAL timezone = 'UTC'; "
    "SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL bytea_output = 'hex'; "
    "SET LOCAL extra_float_digits = 1; SET LOCAL standard_conforming_strings = on"
)
"""Transaction-local, so that they survive a pooler; the constraints before any savepoint, which would undo it."""

BY_INDEX = sa.text(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', :join, true), "
    "set_config('enable_mergejoin', :join, true), set_config('enable_material', 'off', true), "
    "set_config('jit', 'off', true)"
)
QUOTING = PGDialect().identifier_preparer  # type: ignore[no-untyped-call]


DEFAULT_SCHEMA = "bulkdelete_state"
"""Not `bulkdelete`: to a role of that name it would be the default schema, before `public`."""


class PostgreSQL:
    """Several workers, each on ranges of its own."""

    name = "postgresql"
    workers = 2
    target_seconds = 0.1
    most_records = 20_000
    least_records = 2_000
    first_records = 8_000

    def __init__(self, schema: str | None = DEFAULT_SCHEMA) -> None:
        self.schema: str | None = schema
        self.work_tables = WorkTables("pg_temp", prefixes=["TEMPORARY"], postgresql_on_commit="DROP")

    def engine(self, url: sa.URL) -> sa.Engine:
        """Connections that say who they are and notice a dead server."""
        arguments = {
            "application_name": "bulkdelete", "connect_timeout": 5, "target_session_attrs": "read-write",
            "keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
            "prepare_threshold": None,
        }  # fmt: skip
        return sa.create_engine(url, pool_size=8, max_overflow=4, connect_args=arguments)

    @contextmanager
    def transaction(self, engine: sa.Engine, snapshot: bool = False) -> Iterator[sa.Connection]:
        """READ COMMITTED, said explicitly since a role may default to something else; or one snapshot for all."""
        level = "REPEATABLE READ" if snapshot else "READ COMMITTED"
        with engine.begin() as connection:
            self.prepare(connection, level, "5s")
            yield connection

    @contextmanager
    def reading(self, engine: sa.Engine, seconds: float) -> Iterator[sa.Connection]:
        """A reader whose statements are ended by the server after so long."""
        with engine.connect() as connection, connection.begin() as transaction:
            self.prepare(connection, "READ COMMITTED", f"{int(seconds * 1000)}ms")
            yield connection
            transaction.rollback()

    def between(self, engine: sa.Engine) -> None:
        """The server checkpoints by itself."""

    def prepare(self, connection: sa.Connection, level: str, statement: str) -> None:
        """The first statements of every transaction, in one round trip."""
        connection.exec_driver_sql(SETTINGS.format(level=level, statement=statement))

    def is_alive(self, connection: sa.Connection) -> bool:
        """A transaction that failed lives until it is rolled back to a savepoint."""
        if connection.invalidated:
            return False
        driver: Any = connection.connection.dbapi_connection
        return not driver.closed and driver.info.transaction_status != psycopg.pq.TransactionStatus.IDLE

    @contextmanager
    def savepoint(self, connection: sa.Connection) -> Iterator[None]:
        """A savepoint, rolled back to where the block raises."""
        connection.exec_driver_sql("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            if self.is_alive(connection):
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT attempt")
                connection.exec_driver_sql("RELEASE SAVEPOINT attempt")
            raise
        connection.exec_driver_sql("RELEASE SAVEPOINT attempt")

    def fault(self, error: BaseException) -> Fault:
        """By SQLSTATE."""
        return fault_of(error)

    def now(self) -> sa.ColumnElement[datetime.datetime]:
        """The server's clock at this very moment."""
        return sa.func.clock_timestamp()

    def read_clock(self, value: Any) -> datetime.datetime:
        """An instant in UTC."""
        found: datetime.datetime = value
        return found.astimezone(datetime.UTC)

    def catalogue(self, connection: sa.Connection, entities: Sequence[str], paths: Sequence[str]) -> Catalogue:
        """From the system catalogues: foreign keys of other schemas count too."""
        return reflect(connection, entities, paths, self.schema)

    def understood(self, attribute: Attribute, values: tuple[Value, ...]) -> Attribute:
        """Columns hold what they are declared to hold."""
        return attribute

    def operand(self, entity: Entity, attribute: Attribute) -> sa.ColumnElement[object]:
        """The column."""
        return entity.table.c[attribute.name]

    def bound(self, attribute: Attribute, value: Bound) -> sa.ColumnElement[object]:
        """The value as text, read by the server in the column's own type: its collation and case rules hold."""
        match value:
            case datetime.datetime() | datetime.date():
                text = value.isoformat()
            case bool():
                text = "true" if value else "false"
            case bytes():
                text = "\\x" + value.hex()
            case _:
                text = str(value)
        # Untyped to the server, so that it is read once, as a constant of the column's type, and not for each row.
        native = NativeType(attribute.native)
        return sa.cast(sa.bindparam(None, text, type_=native), native)

    def guard(self, entity: Entity, attribute: Attribute) -> Truth | None:
        """Nothing: columns are typed."""
        return None

    def before(self, entity: Entity, attribute: str, cut_off: datetime.datetime) -> Truth:
        """By the column's own type; a time without a zone is in UTC."""
        return entity.table.c[attribute] < self.bound(entity.attributes[attribute], in_type(entity, attribute, cut_off))

    def check(self, connection: sa.Connection, entity: Entity, tree: QueryTree, where: Truth) -> list[str]:
        """A deletion of nothing, rolled back: finds missing privileges, rules, publications without identity."""
        self.read_values(connection, entity, tree)
        return probe(connection, entity, where)

    def read_values(self, connection: sa.Connection, entity: Entity, tree: QueryTree) -> None:
        """Have the server read the values of types that only it knows. Raises InvalidJobError naming the value."""
        for one in tree.comparisons():
            attribute = entity.attribute(one.attribute, one.path)
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

    def lock_rows(self, select: AnySelect, skip_locked: bool = False) -> AnySelect:
        """FOR UPDATE: nobody changes them, and nobody adds a child, until the transaction ends."""
        return select.with_for_update(skip_locked=skip_locked)

    def key_type(self, entity: Entity, column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
        """The column's own."""
        return column.type

    def prefer_indexes(self, connection: sa.Connection, all_indexed: bool) -> None:
        """No scans of whole tables; joins by hashing only where an index is missing."""
        join = "off" if all_indexed else "on"
        connection.execute(BY_INDEX, {"join": join})

    def key_text(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[str]:
        """The key as PostgreSQL prints it, binary in hexadecimal, a composite key as a JSON list."""
        texts = [as_text(column) for column in columns]
        return texts[0] if len(texts) == 1 else sa.cast(sa.func.json_build_array(*texts), sa.Text)

    def key_equals(self, entity: Entity, record: sa.ColumnElement[str]) -> Truth:
        """By the key's index: the text read back in each column's type."""
        columns = entity.key_columns
        if len(columns) == 1:
            return columns[0] == from_text(columns[0], record)
        texts = sa.cast(record, sa.JSON)
        return sa.and_(
            *(
                column == from_text(column, texts.op("->>")(sa.literal_column(str(at))))
                for at, column in enumerate(columns)
            )
        )

    def packed(self, kind: KeyKind, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        """Fixed-width keys side by side; others as a JSON list in bytes."""
        match kind:
            case "int8":
                return sa.func.string_agg(
                    sa.func.int8send(sa.cast(columns[0], sa.BigInteger)), sa.literal_column("''::bytea")
                )
            case "uuid":
                return sa.func.string_agg(sa.func.uuid_send(columns[0]), sa.literal_column("''::bytea"))
            case "composite":
                each: sa.ColumnElement[Any] = sa.func.json_build_array(*(as_text(column) for column in columns))
            case _:
                each = as_text(columns[0])
        return sa.func.convert_to(sa.cast(sa.func.json_agg(each), sa.Text), "UTF8")

    def unpacked(self, kind: KeyKind, value: Any, count: int) -> RecordIds:
        """What the aggregate gave; NULL of none."""
        ids = RecordIds.of_bytes(kind, bytes(value or b"")) if kind in {"int8", "uuid"} else read_list(kind, value)
        if ids.count != count:
            raise ValueError(f"{ids.count} ids for {count} records")
        return ids

    def work_table(self, connection: sa.Connection, name: str, columns: Sequence[sa.Column[Any]]) -> sa.Table:
        """A temporary table that goes with the transaction, so that a pooler's next client never sees it."""
        work = self.work_tables.made(connection, name, columns)
        for statement in work.ddl:
            connection.exec_driver_sql(statement)
        return work.table

    def size(self, connection: sa.Connection, entity: Entity) -> int:
        """By the server's own statistics, which `pg_class` keeps."""
        sizes = sa.text("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = :oid")
        return int(connection.execute(sizes, {"oid": int(entity.physical["oid"])}).scalar_one())

    def quoted(self, name: str) -> str:
        """A name as SQL needs it."""
        return str(QUOTING.quote(name))

    def restricted(self, relationship: Relationship) -> tuple[str, str]:
        """Used where the database was not asked itself."""
        return "23503", "update or delete violates foreign key constraint"

    def self_restricting_in_levels(self, relationship: Relationship) -> bool:
        """One statement may delete both, whatever the rule."""
        return False


def in_type(entity: Entity, attribute: str, instant: datetime.datetime) -> datetime.datetime:
    """An instant for a column with a zone, its UTC wall time for one without."""
    return instant if entity.attributes[attribute].kind == "instant" else instant.replace(tzinfo=None)


def as_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A value as PostgreSQL prints it; binary in hexadecimal."""
    if isinstance(column.type, BYTEA | sa.LargeBinary):
        return sa.func.encode(column, "hex")
    return sa.cast(column, sa.Text)


def from_text(column: sa.ColumnElement[Any], text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The value that `as_text` printed."""
    if isinstance(column.type, BYTEA | sa.LargeBinary):
        return sa.func.decode(text, "hex")
    return sa.cast(text, column.type)


def read_list(kind: KeyKind, value: Any) -> RecordIds:
    """Ids from a JSON list in bytes."""
    return RecordIds.of(kind, json.loads(bytes(value)) if value else [])
