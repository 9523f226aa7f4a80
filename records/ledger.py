"""Our tables in the target database: fence, ledger, set_aside and chosen."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateSchema, CreateTable

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.ledger_place import LedgerPlace
from bulkdelete.domain.record_ids import RecordIds
from bulkdelete.records.catalogue import Entity
from bulkdelete.records.closure import Closure
from bulkdelete.records.dialect import Dialect
from bulkdelete.records.predicates import Truth

PIECE = 5_000
"""Records in one statement."""
ASCII = {"charset": "ascii", "collation": "ascii_bin"}
ID = sa.Text().with_variant(mysql.CHAR(36, **ASCII), "mysql")
SHORT = sa.Text().with_variant(mysql.VARCHAR(64, **ASCII), "mysql")
LONG = sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql")
PACKED = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql")
OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_row_format": "DYNAMIC"}


@dataclass(frozen=True)
class Ledger:
    """The tables bulkdelete owns in a target.

    fence: the target's word on whether an operation may go on; kept for good.
    ledger: one row a committed batch, until its operation has ended.
    set_aside: records known to fail, so that later passes skip them set-based; until the operation has ended. Those
    that were noted without being held (somebody else holds them) stand there once more, as `loose` says.
    chosen: the records that a query meant when it was planned, where deleting some could make others match.
    """

    fence: sa.Table
    ledger: sa.Table
    set_aside: sa.Table
    chosen: sa.Table

    @property
    def tables(self) -> tuple[sa.Table, ...]:
        """All of them."""
        return self.fence, self.ledger, self.set_aside, self.chosen

    def retryable(self, connection: sa.Connection, operation: str, query_index: int) -> int:
        """How many records of a query failed and may pass when they are tried once more."""
        aside = self.set_aside
        mine = (aside.c.operation_id == operation, aside.c.query_index == query_index, aside.c.retryable)
        return int(connection.execute(sa.select(sa.func.count()).select_from(aside).where(*mine)).scalar_one())

    def forget(self, connection: sa.Connection, operation: str, query_index: int, texts: list[str]) -> None:
        """Records that are settled are no longer set aside."""
        aside = self.set_aside
        mine = (aside.c.operation_id == operation, aside.c.query_index.in_([query_index, loose(query_index)]))
        for at in range(0, len(texts), PIECE):
            connection.execute(sa.delete(aside).where(*mine, aside.c.record.in_(texts[at : at + PIECE])))

    def mark(self, connection: sa.Connection, mine: tuple[Truth, ...], texts: list[str], reason: str) -> None:
        """Records that are set aside are kept back by something else now."""
        for at in range(0, len(texts), PIECE):
            some = self.set_aside.c.record.in_(texts[at : at + PIECE])
            connection.execute(sa.update(self.set_aside).where(*mine, some).values(reason=reason))

    def settle(
        self, connection: sa.Connection, operation: str, query_index: int, closure: Closure, only_loose: bool
    ) -> list[str]:
        """Records that were set aside and are gone with these roots: they are no longer; returns their keys.

        `only_loose`: of those that were noted without being held.
        """
        aside = self.set_aside
        mine = (aside.c.operation_id == operation, aside.c.query_index == query_index)
        looked = (aside.c.operation_id == operation, aside.c.query_index == loose(query_index)) if only_loose else mine
        if not connection.execute(sa.select(sa.exists().where(*looked).select_from(aside))).scalar():
            return []
        roots, key = closure.roots, closure.dialect.key_text(closure.keys(closure.entity.name))
        known = self.is_among(looked, key)
        texts = list(connection.execute(sa.select(key).distinct().select_from(roots).where(known)).scalars())
        self.forget(connection, operation, query_index, texts)
        return texts

    def is_among(self, looked: tuple[Truth, ...], key: sa.ColumnElement[str]) -> Truth:
        """Whether a record is among these of set_aside; asked of each by itself, since a join might try every pair."""
        aside = self.set_aside
        found = sa.select(sa.func.count()).select_from(aside).where(*looked, aside.c.record == key)
        return found.scalar_subquery() > 0

    def statements(self, dialect: sa.Dialect, schema_is_there: bool = False) -> list[str]:
        """The DDL, to be run by an owner where we may not."""
        schema = None if schema_is_there else self.fence.schema
        ddl = [str(CreateSchema(schema, if_not_exists=True).compile(dialect=dialect))] if schema else []
        ddl += [readable(CreateTable(one, if_not_exists=True).compile(dialect=dialect)) for one in self.tables]
        if dialect.name == "postgresql":
            # Packed ids do not shrink: without this the server tries in vain, a third of a batch's time.
            name = dialect.identifier_preparer.format_table(self.ledger)
            ddl.append(f"ALTER TABLE {name} ALTER COLUMN {self.ledger.c.ids.name} SET STORAGE EXTERNAL")
        return ddl


def readable(ddl: sa.Compiled) -> str:
    """A statement as a person reads it: an error shows tabs as escapes."""
    return "\n".join(line.rstrip() for line in str(ddl).strip().expandtabs(4).splitlines())


def place_of(dialect: Dialect, text: str | None) -> LedgerPlace:
    """The place that a setting means in this kind of database. Raises InvalidJobError."""
    if text is None:
        return dialect.ledger_place
    try:
        place = LedgerPlace.read(text)
    except ValueError as error:
        raise InvalidJobError(f"{error}; got {text!r}", "ledger") from None
    if place.schema and not dialect.has_schemas:
        raise InvalidJobError(
            f"there are no schemas in this database: a prefix alone is accepted; got {text!r}", "ledger"
        )
    return place if place.schema else replace(place, schema=dialect.ledger_place.schema)


def ledger_tables(dialect: Dialect, place: LedgerPlace) -> Ledger:
    """The tables, in a schema of their own or with a prefix."""
    prefix = place.prefix
    metadata = sa.MetaData(schema=place.schema)
    fence = sa.Table(
        f"{prefix}fence",
        metadata,
        sa.Column("operation_id", ID, primary_key=True),
        sa.Column("digest", SHORT, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column(
            "state", SHORT, sa.CheckConstraint("state IN ('running','paused','canceled','ended')"), nullable=False
        ),
        sa.Column("cut_off", SHORT, nullable=False),
        **OPTIONS,
    )
    ledger = sa.Table(
        f"{prefix}ledger",
        metadata,
        sa.Column("operation_id", ID, primary_key=True),
        sa.Column("unit", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("batch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("count", sa.BigInteger),
        sa.Column("ids", PACKED),
        sa.Column("outcome", LONG),
        **OPTIONS,
    )
    set_aside = sa.Table(
        f"{prefix}set_aside",
        metadata,
        sa.Column("operation_id", ID, primary_key=True),
        sa.Column("query_index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("record", dialect.record_type(), primary_key=True),
        sa.Column("retryable", sa.Boolean, nullable=False),
        sa.Column("reason", SHORT, nullable=False),
        **OPTIONS,
    )
    chosen = sa.Table(
        f"{prefix}chosen",
        metadata,
        sa.Column("operation_id", ID, primary_key=True),
        sa.Column("query_index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("record", dialect.record_type(), primary_key=True),
        **OPTIONS,
    )
    return Ledger(fence, ledger, set_aside, chosen)


def ids_of(entity: Entity, texts: list[str]) -> RecordIds:
    """Keys that `key_text` spelled, as record ids."""
    keys = [json.loads(text) for text in texts] if entity.key_kind == "composite" else texts
    return RecordIds.of(entity.key_kind, keys)


def loose(query_index: int) -> int:
    """Under which index records of a query stand that were noted without being held: another worker may meet them."""
    return -1 - query_index
