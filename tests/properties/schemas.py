"""Generated schemas: tables with keys of every kind, and links of every rule in every direction."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from tests.properties import names
from tests.properties.case import Column, Link, Rule, Table
from tests.properties.kinds import KEYS
from tests.properties.rendering import Rendering

OFTEN: dict[Rule, int] = {"CASCADE": 5, "SET NULL": 3, "SET DEFAULT": 2, "RESTRICT": 3, "NO ACTION": 3}
RULES = [rule for rule, times in OFTEN.items() for _ in range(times)]
WITHOUT_CLEARING: list[Rule] = ["CASCADE", "CASCADE", "RESTRICT", "NO ACTION"]


@dataclass
class SchemaDraw:
    """Draws the tables and links of one schema; the defaults of columns come with the rows."""

    generator: random.Random
    rendering: Rendering
    tables: list[Table] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def draw(self) -> None:
        """Draw all of it."""
        for at in range(self.generator.choice([2, 3, 3, 4, 4, 5, 6])):
            self.tables.append(self.table(at))
        for at in range(len(self.tables)):
            for _ in range(self.generator.choice([0, 1, 1, 2, 2, 3])):
                self.add_link(at)

    def chance(self, share: float) -> bool:
        """True so often."""
        return self.generator.random() < share

    def named(self, stem: str) -> str:
        """A name for a column."""
        return names.column_name(self.generator, stem)

    def kind(self) -> str:
        """A kind of key."""
        return self.generator.choice([*KEYS, *self.rendering.keys])

    def table(self, at: int) -> Table:
        """A table: its key, two columns to ask about, sometimes a unique one and a created-on."""
        name = names.table_name(self.generator, at)
        key = self.key(name)
        columns = [*key, Column(self.named("n"), "integer"), Column(self.named("s"), "text")]
        unique: tuple[str, ...] = ()
        if self.chance(0.25):
            columns.append(Column(self.named("code"), self.kind(), nullable=self.chance(0.7)))
            unique = (columns[-1].name,)
        if self.chance(0.25):
            columns.append(Column(self.generator.choice(["createdon", "created_at"]), "instant"))
        self.generator.shuffle(columns)
        ordered = [one.name for one in key]
        self.generator.shuffle(ordered)
        return Table(name, tuple(columns), tuple(ordered), unique)

    def key(self, name: str) -> list[Column]:
        """One column, several, or (an order's lines) the key of another table and a number."""
        if self.tables and self.chance(0.2):
            parent = self.generator.choice(self.tables)
            parts = [
                Column(self.named(f"o{at}"), parent.column(one).kind, nullable=False)
                for at, one in enumerate(parent.key)
            ]
            columns = tuple(one.name for one in parts)
            self.link(name, columns, parent.name, parent.key, self.generator.choice(WITHOUT_CLEARING))
            return parts if self.chance(0.2) else [*parts, Column("line", "integer", nullable=False)]
        size = self.generator.choice([1, 1, 1, 2, 2, 3])
        return [Column(self.named(f"k{at}"), self.kind(), nullable=False) for at in range(size)]

    def add_link(self, at: int) -> None:
        """A reference from a table to itself, to one before it, or to any."""
        child = self.tables[at]
        whither = self.generator.random()
        to = at if whither < 0.25 else self.generator.randrange(at) if at and whither < 0.75 else None
        parent = self.generator.choice(self.tables) if to is None else self.tables[to]
        targets = parent.unique if parent.unique and self.chance(0.5) else parent.key
        if len(targets) > 1 and self.rendering.any_order:
            targets = tuple(self.generator.sample(targets, len(targets)))
        rule = self.generator.choice(RULES)
        parts = self.reference(parent, targets, rule)
        self.tables[at] = replace(child, columns=(*child.columns, *parts))
        self.link(child.name, tuple(one.name for one in parts), parent.name, targets, rule)

    def reference(self, parent: Table, targets: tuple[str, ...], rule: Rule) -> list[Column]:
        """The columns of a reference: all nullable, none, or some of several."""
        stem = f"r{len(self.links)}"
        nullable = self.generator.choice([[True], [True], [True], [False], [True, False]])
        if rule == "SET NULL" and not (self.rendering.takes_unclearable and self.chance(0.3)):
            nullable = [True]
        return [
            Column(self.named(f"{stem}{at or ''}"), parent.column(one).kind, self.generator.choice(nullable))
            for at, one in enumerate(targets)
        ]

    def link(self, child: str, columns: tuple[str, ...], parent: str, targets: tuple[str, ...], rule: Rule) -> None:
        """Note a foreign key."""
        name = f"f{len(self.links)}"
        cleared: tuple[str, ...] = ()
        if rule == "SET NULL" and len(columns) > 1 and self.rendering.clears_columns and self.chance(0.5):
            cleared = tuple(self.generator.sample(columns, self.generator.randint(1, len(columns) - 1)))
        deferred = rule == "NO ACTION" and self.rendering.defers and self.chance(0.2)
        self.links.append(Link(name, child, columns, parent, targets, rule, self.chance(0.5), deferred, cleared))
