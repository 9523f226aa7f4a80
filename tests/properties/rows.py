"""Generated rows: keys first, then references among them, so that every constraint holds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.properties.case import Link, Row, Table, Value
from tests.properties.kinds import KINDS

TRIES = 30


@dataclass
class RowDraw:
    """Draws the rows of a schema, and the defaults of references that SET DEFAULT falls back to."""

    generator: random.Random
    tables: list[Table]
    links: Sequence[Link]
    most: int
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def draw(self) -> None:
        """Draw all of it."""
        for table in self.tables:
            self.rows[table.name] = self.keyed(table)
        for link in self.links:
            table = self.table(link.child)
            if not set(link.columns) & set(table.key):
                self.refer(table, link)
                if link.rule == "SET DEFAULT":
                    self.fall_back(link)

    def table(self, name: str) -> Table:
        """The table of that name, as it is by now."""
        return next(one for one in self.tables if one.name == name)

    def keyed(self, table: Table) -> list[Row]:
        """Rows of distinct keys; a key that holds a reference holds one of a row there is."""
        owner = next(
            (one for one in self.links if one.child == table.name and set(one.columns) <= set(table.key)), None
        )
        found: dict[tuple[Value, ...], Row] = {}
        wanted = self.generator.randint(1, self.most)
        for _ in range(TRIES):
            nullable = {one.name for one in table.columns if one.nullable and (found or one.name not in table.unique)}
            row = {one.name: self.value(one.kind, one.name in nullable) for one in table.columns}
            if owner is not None:
                row |= self.target(owner)
            taken = any(
                row[one] is not None and row[one] == other[one] for other in found.values() for one in table.unique
            )
            if not taken and len(found) < wanted:
                found.setdefault(table.key_of(row), row)
        return list(found.values())

    def value(self, kind: str, nullable: bool) -> Value:
        """A value of a column; numbers that are asked about come from a few."""
        if nullable and self.generator.random() < 0.15:
            return None
        if nullable and kind == "integer":
            return self.generator.randrange(4)
        if nullable and kind == "text":
            return self.generator.choice(["x", "y", "xy", ""])
        return KINDS[kind](self.generator)

    def target(self, link: Link) -> Row:
        """The values of a reference to some row of the parent; there is always one that can be referred to."""
        whole = [row for row in self.rows[link.parent] if all(row[one] is not None for one in link.parent_columns)]
        chosen = self.generator.choice(whole)
        return {own: chosen[other] for own, other in zip(link.columns, link.parent_columns, strict=True)}

    def refer(self, table: Table, link: Link) -> None:
        """Fill the columns of one reference; half-null ones refer to nothing."""
        nullable = [one for one in link.columns if table.column(one).nullable]
        for row in self.rows[table.name]:
            row.update(self.target(link))
            if nullable and self.generator.random() < 0.5:
                row.update(dict.fromkeys(self.generator.sample(nullable, self.generator.randint(1, len(nullable)))))

    def fall_back(self, link: Link) -> None:
        """What SET DEFAULT sets: nothing, a row that is there, or one that is not."""
        table = self.table(link.child)
        values: Row = dict.fromkeys(link.columns)
        chance = self.generator.random()
        if chance < 0.5:
            values = self.target(link)
        elif chance < 0.65:
            values = {one: KINDS[table.column(one).kind](self.generator) for one in link.columns}
        changed = tuple(replace(one, default=values.get(one.name)) for one in table.columns)
        self.tables[self.tables.index(table)] = replace(table, columns=changed)
