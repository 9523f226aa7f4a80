"""Our three tables in the target database: fence, ledger and set_aside."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.schema import CreateSchema, CreateTable


@dataclass(frozen=True)
class Ledger:
    """The tables bulkdelete owns in a target.

    fence: the target's word on whether an operation may go on; kept for good.
    ledger: one row a committed batch, until its operation has ended.
    set_aside: records known to fail, so that later passes skip them set-based; until the operation has ended.
    """

    fence: sa.Table
    ledger: sa.Table
    set_aside: sa.Table

    @property
    def tables(self) -> tuple[sa.Table, ...]:
        """All three."""
        return self.fence, self.ledger, self.set_aside

    def statements(self, dialect: sa.Dialect) -> list[str]:
        """The DDL, to be run by an owner where we may not."""
        schema = self.fence.schema
        ddl = [str(CreateSchema(schema, if_not_exists=True).compile(dialect=dialect))] if schema else []
        ddl += [str(CreateTable(one, if_not_exists=True).compile(dialect=dialect)).strip() for one in self.tables]
        if dialect.name == "postgresql":
            # Packed ids do not shrink: without this the server tries in vain, a third of a batch's time.
            name = dialect.identifier_preparer.format_table(self.ledger)
            ddl.append(f"ALTER TABLE {name} ALTER COLUMN {self.ledger.c.ids.name} SET STORAGE EXTERNAL")
        return ddl


def ledger_tables(schema: str | None, prefix: str = "") -> Ledger:
    """The tables, in a schema of their own or with a prefix."""
    metadata = sa.MetaData(schema=schema)
    instant = sa.Text()
    fence = sa.Table(
        f"{prefix}fence",
        metadata,
        sa.Column("operation_id", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column(
            "state", sa.Text, sa.CheckConstraint("state IN ('running','paused','canceled','ended')"), nullable=False
        ),
        sa.Column("cut_off", instant, nullable=False),
    )
    ledger = sa.Table(
        f"{prefix}ledger",
        metadata,
        sa.Column("operation_id", sa.Text, primary_key=True),
        sa.Column("unit", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("batch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("count", sa.BigInteger),
        sa.Column("ids", sa.LargeBinary),
        sa.Column("outcome", sa.Text),
    )
    set_aside = sa.Table(
        f"{prefix}set_aside",
        metadata,
        sa.Column("operation_id", sa.Text, primary_key=True),
        sa.Column("query_index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("record", sa.Text, primary_key=True),
        sa.Column("retryable", sa.Boolean, nullable=False),
    )
    return Ledger(fence, ledger, set_aside)
