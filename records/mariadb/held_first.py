"""MySQL writes no table that the same statement reads (error 1093): the records are chosen first, held, then changed.

MariaDB does. What chooses them is the condition of the statement itself, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import AliasedReturnsRows

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.mariadb.copies import is_mysql

if TYPE_CHECKING:
    from bulkdelete.records.dialect import Dialect

ENTITY = "entity"
"""Under this word a table knows which entity it is."""


class ReadThenWritten:
    """Rewrites the statements of one dialect's connections to MySQL."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def __call__(
        self, connection: sa.Connection, statement: Any, many: Any, values: Any, _options: Any
    ) -> tuple[Any, Any, Any]:
        """Before a statement is compiled: the same one, or one that does its work on records that are chosen now."""
        if isinstance(statement, sa.Delete | sa.Update) and is_mysql(connection):
            where: Sequence[sa.ColumnElement[bool]] = statement._where_criteria
            table = statement.table
            if (
                isinstance(table, sa.Table)
                and ENTITY in table.info
                and any(reads(one, table.fullname) for one in where)
            ):
                statement = self.of_chosen(connection, statement, table.info[ENTITY], where)
        return statement, many, values

    def of_chosen(
        self, connection: sa.Connection, statement: Any, entity: Entity, where: Sequence[sa.ColumnElement[bool]]
    ) -> Any:
        """Choose and hold the records; returns the statement that changes these."""
        columns = [
            sa.Column(f"k{at}", self.dialect.key_type(entity, column), primary_key=True, autoincrement=False)
            for at, column in enumerate(entity.key_columns)
        ]
        chosen = self.dialect.work_table(connection, "held_first", columns)
        found = sa.select(*entity.key_columns).distinct().where(*where).with_for_update()
        connection.execute(sa.insert(chosen).from_select([column.name for column in columns], found))
        changed = statement._generate()
        pairs = zip(entity.key_columns, chosen.columns, strict=True)
        changed._where_criteria = tuple(key == own for key, own in pairs)
        return changed


def reads(condition: sa.ColumnElement[bool], table: str) -> bool:
    """Whether a subquery of the condition reads this table, under another name."""
    return any(
        isinstance(one, AliasedReturnsRows) and isinstance(one.element, sa.Table) and one.element.fullname == table
        for one in visitors.iterate(condition)
    )
