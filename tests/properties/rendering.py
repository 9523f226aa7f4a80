"""Rendering: a case as the SQL of one database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.properties.case import Case, Column, Link, Table, Value


@dataclass(frozen=True)
class Rendering:
    """How one database spells it, and what it takes at all."""

    types: Mapping[str, str]
    keys: tuple[str, ...]
    """The kinds that a key may be of here, beyond those of every database."""
    quotes: str = '"'
    options: str = ""
    """What stands after a table's columns."""
    begin: str = ""
    end: str = ""
    escapes: bool = False
    """Whether a backslash in a text is one only when doubled."""
    adds_links: bool = False
    """Whether foreign keys are added after the rows; else they stand in the table, unchecked until `end`."""
    clears_columns: bool = False
    """Whether SET NULL may name the columns it clears."""
    any_order: bool = True
    """Whether a reference may name the columns of a key in another order."""
    defers: bool = True
    """Whether a constraint may be deferred."""
    takes_unclearable: bool = True
    """Whether SET NULL may stand on a column that is not null."""
    drop_after: str = ""

    def script(self, case: Case) -> str:
        """Everything that makes the case."""
        made = [self.table(case, one) for one in case.tables]
        filled = [line for one in case.tables for line in self.rows(case, one)]
        linked = [f"ALTER TABLE {self.name(one.child)} ADD {self.link(one)};" for one in case.links if one.enforced]
        indexed = [
            f"CREATE INDEX {self.name(f'{one.name}_idx')} ON {self.name(one.child)} ({self.names(one.columns)});"
            for one in case.links
            if one.is_indexed
        ]
        lines = [self.begin, *made, *filled, *(linked if self.adds_links else []), *indexed, self.end]
        return "\n".join(line for line in lines if line)

    def drops(self, case: Case) -> str:
        """Everything that removes it again."""
        dropped = [f"DROP TABLE IF EXISTS {self.name(one.name)}{self.drop_after};" for one in case.tables]
        return "".join([self.begin, *dropped, self.end])

    def table(self, case: Case, table: Table) -> str:
        """One table."""
        parts = [self.column(one) for one in table.columns]
        parts += [f"PRIMARY KEY ({self.names(table.key)})"]
        parts += [f"UNIQUE ({self.name(one)})" for one in table.unique]
        if not self.adds_links:
            parts += [self.link(one) for one in case.links if one.child == table.name and one.enforced]
        return f"CREATE TABLE {self.name(table.name)} ({', '.join(parts)}){self.options};"

    def column(self, column: Column) -> str:
        """One column."""
        null = "" if column.nullable else " NOT NULL"
        default = "" if column.default is None else f" DEFAULT {self.literal(column, column.default)}"
        return f"{self.name(column.name)} {self.types[column.kind]}{null}{default}"

    def link(self, link: Link) -> str:
        """One foreign key."""
        cleared = f" ({self.names(link.cleared)})" if link.cleared else ""
        deferred = " DEFERRABLE INITIALLY DEFERRED" if link.is_deferred else ""
        return (
            f"CONSTRAINT {self.name(link.name)} FOREIGN KEY ({self.names(link.columns)}) REFERENCES "
            f"{self.name(link.parent)} ({self.names(link.parent_columns)}) ON DELETE {link.enforced}{cleared}{deferred}"
        )

    def rows(self, case: Case, table: Table) -> Iterator[str]:
        """The rows of a table, in one statement."""
        values = [
            f"({', '.join(self.literal(one, row[one.name]) for one in table.columns)})" for row in case.rows[table.name]
        ]
        if values:
            yield f"INSERT INTO {self.name(table.name)} VALUES {', '.join(values)};"

    def literal(self, column: Column, value: Value) -> str:
        """A value."""
        match value:
            case None:
                return "NULL"
            case int():
                return str(value)
            case _ if column.kind == "binary16":
                return f"X'{value}'"
            case _ if column.kind == "instant" and self.options:
                return f"'{value.replace('T', ' ')[:19]}'"
        text = value.replace("\\", "\\\\") if self.escapes else value
        return "'" + text.replace("'", "''") + "'"

    def name(self, name: str) -> str:
        """A name."""
        return self.quotes + name.replace(self.quotes, 2 * self.quotes) + self.quotes

    def names(self, names: tuple[str, ...]) -> str:
        """Several names."""
        return ", ".join(map(self.name, names))


PLAIN = {"integer": "integer", "bigint": "bigint", "uuid": "uuid", "text": "text"}

RENDERINGS = {
    "sqlite": Rendering(
        {**PLAIN, "instant": "datetime"}, keys=(), begin="BEGIN;", end="COMMIT;"
    ),
    "postgresql": Rendering(
        {**PLAIN, "instant": "timestamptz"}, keys=(), adds_links=True, clears_columns=True, drop_after=" CASCADE"
    ),
    "mariadb": Rendering(
        {
            "integer": "int", "bigint": "bigint", "unsigned": "bigint unsigned", "uuid": "uuid", "char36": "char(36)",
            "binary16": "binary(16)", "text": "varchar(60) COLLATE utf8mb4_nopad_bin", "instant": "datetime",
        },
        keys=("unsigned", "char36", "binary16"), quotes="`", escapes=True,
        options=" ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        begin="SET foreign_key_checks=0;", end="SET foreign_key_checks=1;",
        # An index must begin with the columns of the reference as they stand.
        any_order=False,
        # 1064 and 1005 where they are asked for.
        defers=False, takes_unclearable=False,
    ),
}  # fmt: skip
