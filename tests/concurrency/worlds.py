"""A world to race in: the tables filled, a clock, and what there is in it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from tests.concurrency.schema import BOUND, CHILDREN, KINDS, ROOTS, tables
from tests.faults.rows import Rows

OLD = "'2020-01-01 00:00:00'"
TREE = 6
"""Nodes in a tree."""


@dataclass(frozen=True)
class Size:
    """How many records there are to begin with; two of three match."""

    boxes: int = 6_000
    logs: int = 40_000
    nodes: int = 3_000


Keys = dict[str, set[int]]


@dataclass
class World:
    """A database filled for one race."""

    rows: Rows
    size: Size = Size()
    partitioned: bool = False
    audited: bool = True
    before: Keys = field(init=False)
    began: datetime.datetime = field(init=False)
    """By the database's clock, before any run."""

    def __post_init__(self) -> None:
        for statement in tables(self.rows.name, self.partitioned, self.audited):
            self.rows.script(statement)
        size, old = self.size, f"{OLD}, 0, 'x'"
        grp = "CASE WHEN i % 3 = 0 THEN 10 ELSE 0 END"
        self.fill("box", "", size.boxes, f"i, {grp}, {old}")
        self.fill("log", "", size.logs, f"i, {grp}, {old}")
        above = f"CASE WHEN i % {TREE} = 0 THEN NULL ELSE i - i % {TREE} + {self.half(f'i % {TREE} - 1')} END"
        self.fill("node", "", size.nodes, f"i, {above}, {grp}, {old}", first=TREE)
        self.fill("part", "", size.boxes, "i, i, 0")
        self.fill("hold", "", size.boxes // 20, "i, i * 20, 0")
        self.fill("link", "", size.boxes // 4, "i, i * 4, 0")
        self.settle()
        self.before, self.began = self.keys(), self.clock()

    def half(self, what: str) -> str:
        """Half of a whole number, the rest cut off."""
        return f"({what}) DIV 2" if self.rows.name == "mariadb" else f"({what}) / 2"

    def fill(self, table: str, columns: str, count: int, values: str, first: int = 1) -> None:
        """Add records, numbered by `i`."""
        moment = values.replace(OLD, f"CAST({OLD} AS timestamptz)") if self.rows.name == "postgresql" else values
        self.rows.script(f"INSERT INTO {table} {columns} SELECT {moment} FROM {self.rows.numbers(first, count)}")

    def settle(self) -> None:
        """Let the database know its own sizes."""
        if self.rows.name == "mariadb":
            self.rows.script("ANALYZE TABLE " + ", ".join((*ROOTS, *CHILDREN)))
        else:
            self.rows.settle()

    def keys(self) -> Keys:
        """Which records there are."""
        return {table: self.ids(f"SELECT id FROM {table}") for table in (*ROOTS, *CHILDREN)}

    def ids(self, sql: str) -> set[int]:
        """The ids that a question answers."""
        return {int(row[0]) for row in self.rows.ask(sql)}

    def untouched(self, table: str) -> set[int]:
        """Records that match, were there before and that no writer ever changed."""
        found = self.ids(f"SELECT id FROM {table} WHERE grp < {BOUND} AND version = 0")
        return found & self.before[table]

    def clock(self) -> datetime.datetime:
        """The database's own."""
        kind = KINDS[self.rows.name]
        dual = f" {kind.dual}" if kind.dual else ""
        return instant(self.rows.ask(f"SELECT {kind.now}{dual}")[0][0])

    def cut_off(self, operation_id: str) -> datetime.datetime:
        """As the fence in the database holds it."""
        fence = f"{KINDS[self.rows.name].own_tables}fence"
        return instant(self.rows.ask(f"SELECT cut_off FROM {fence} WHERE operation_id = '{operation_id}'")[0][0])

    def job(self) -> dict[str, Any]:
        """Everything whose group is below the bound."""
        return {"name": "race", "queries": [below(one) for one in ROOTS]}


def below(entity: str) -> dict[str, Any]:
    """A query for what is below the bound."""
    condition = {"AttributeName": "grp", "Operator": "LessThan", "Values": [BOUND]}
    return {"EntityName": entity, "Criteria": {"Conditions": [condition]}}


def instant(value: Any) -> datetime.datetime:
    """A moment as the driver gives it, in UTC."""
    found = datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
    assert isinstance(found, datetime.datetime)
    return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found.astimezone(datetime.UTC)
