"""Generated jobs: one to three queries, some of which overlap."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.properties.case import Column, Link, Row, Table, Value


@dataclass
class JobDraw:
    """Draws the queries of one job."""

    generator: random.Random
    tables: Sequence[Table]
    links: Sequence[Link]
    rows: Mapping[str, Sequence[Row]]

    def draw(self) -> tuple[dict[str, Any], ...]:
        """All queries."""
        found: list[dict[str, Any]] = []
        for _ in range(self.generator.choice([1, 1, 2, 2, 3])):
            found.append(self.query(self.chosen([one["EntityName"] for one in found])))
        self.generator.shuffle(found)
        return tuple(found)

    def chosen(self, before: list[str]) -> Table:
        """An entity, rather one that takes others along; after the first rather one that refers to one before."""
        taking = [one.parent for one in self.links if one.rule == "CASCADE"]
        referring = [one.child for one in self.links if one.parent in before]
        names = [one.name for one in self.tables]
        name = self.generator.choice(self.generator.choice([names, referring or names, taking or names]))
        return next(one for one in self.tables if one.name == name)

    def query(self, table: Table) -> dict[str, Any]:
        """One query."""
        if self.generator.random() < 0.35:
            return {"EntityName": table.name, "all_records": True}
        return {"EntityName": table.name, "Criteria": self.filter(table, self.generator.choice([0, 0, 0, 1]))}

    def filter(self, table: Table, depth: int) -> dict[str, Any]:
        """Conditions, and a filter within."""
        found: dict[str, Any] = {"Conditions": [self.condition(table) for _ in range(self.generator.randint(1, 2))]}
        if self.generator.random() < 0.5:
            found["FilterOperator"] = self.generator.choice(["And", "Or", "Or"])
        if depth:
            found["Filters"] = [self.filter(table, depth - 1)]
        return found

    def condition(self, table: Table) -> dict[str, Any]:
        """One condition; every second one asks about a plain number."""
        columns = [one for one in table.columns if one.kind != "instant"]
        numbers = [one for one in columns if one.kind == "integer" and one.nullable]
        column = self.generator.choice(numbers if numbers and self.generator.random() < 0.5 else columns)
        operator, values = self.asked(column, self.known(table, column))
        found: dict[str, Any] = {"AttributeName": column.name, "Operator": operator}
        return found | {"Values": values} if values else found

    def known(self, table: Table, column: Column) -> list[Value]:
        """The values that the column has."""
        found = {row[column.name] for row in self.rows[table.name]} - {None}
        return sorted(found, key=str)

    def asked(self, column: Column, known: list[Value]) -> tuple[str, list[Value]]:
        """An operator, and values for it that some rows have."""
        if not known:
            return self.generator.choice(["Null", "NotNull"]), []
        one, other = self.generator.choice(known), self.generator.choice(known)
        several = self.generator.sample(known, self.generator.randint(1, min(3, len(known))))
        asked: list[tuple[str, list[Value]]] = [
            ("Equal", [one]), ("NotEqual", [one]), ("NotEqual", [one]), ("In", several), ("NotIn", [one]),
            ("Null", []), ("NotNull", []), ("NotNull", []),
        ]  # fmt: skip
        if isinstance(one, int) and isinstance(other, int):
            low, high = min(one, other), max(one, other)
            asked += [
                ("GreaterEqual", [low]),
                ("LessThan", [high]),
                ("Between", [low, high]),
                ("NotBetween", [low, low]),
            ]
        if column.kind == "text" and column.nullable:
            asked += [("Like", ["x%"]), ("NotLike", ["_y"])]
        return self.generator.choice(asked)
