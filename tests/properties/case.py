"""Case: a schema, its rows and a job, as plain data; everything that a run needs, and that a failure prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Rule = Literal["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", "NO ACTION"]
Value = int | str | None
"""Of a column of any kind: a uuid as its text, an instant in ISO 8601, binary in hexadecimal."""
Row = dict[str, Value]
Key = tuple[Value, ...]
Record = tuple[str, Key]
"""The entity and the key."""


@dataclass(frozen=True)
class Column:
    """One column; `kind` is one of `kinds.KINDS`."""

    name: str
    kind: str
    nullable: bool = True
    default: Value = None


@dataclass(frozen=True)
class Table:
    """An entity."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    unique: tuple[str, ...] = ()
    """Columns that are unique each, besides the key."""

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(one for one in self.columns if one.name == name)

    def key_of(self, row: Row) -> Key:
        """The key of a row."""
        return tuple(row[name] for name in self.key)

    @property
    def created_on(self) -> str | None:
        """The column that tells when a record was created."""
        return next((one.name for one in self.columns if one.kind == "instant"), None)


@dataclass(frozen=True)
class Link:
    """A foreign key, or what a catalogue declares instead of it or beside it."""

    name: str
    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    rule: Rule
    is_indexed: bool = False
    is_deferred: bool = False
    cleared: tuple[str, ...] = ()
    """The columns that SET NULL clears where it names some; none: all."""
    is_declared: bool = False
    """Whether a catalogue states the rule."""
    own: Rule | None = None
    """Of a declared one: the rule that the database has all the same; None: it has no foreign key."""

    @property
    def enforced(self) -> Rule | None:
        """What the database itself does."""
        return self.own if self.is_declared else self.rule


@dataclass(frozen=True)
class Case:
    """What is made, and what is asked."""

    label: str
    tables: tuple[Table, ...]
    links: tuple[Link, ...]
    rows: Mapping[str, tuple[Row, ...]]
    queries: tuple[dict[str, Any], ...]

    def table(self, name: str) -> Table:
        """The table of that name."""
        return next(one for one in self.tables if one.name == name)

    def referrers(self, parent: str) -> list[Link]:
        """The links whose children refer to this table."""
        return [one for one in self.links if one.parent == parent]
