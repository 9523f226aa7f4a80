"""Databases with records that must go, that must stay and that cannot go; what is right is worked out here.

Nothing here asks the code under test: which records match, which fail and what goes along is told by how the rows
were made and by the database itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.faults.rows import Rows, Snapshot

ITEMS = "item", "CREATE TABLE item (id BIGINT PRIMARY KEY, grp INTEGER NOT NULL, note TEXT)"
LOGS = "log", "CREATE TABLE log (id BIGINT PRIMARY KEY, grp INTEGER NOT NULL, note TEXT)"
HOLDS = (
    "hold",
    "CREATE TABLE hold (id BIGINT PRIMARY KEY, item_id BIGINT REFERENCES item(id) ON DELETE RESTRICT); "
    "CREATE INDEX hold_item ON hold (item_id)",
)
PARTS = (
    "part",
    "CREATE TABLE part (id BIGINT PRIMARY KEY, item_id BIGINT REFERENCES item(id) ON DELETE CASCADE); "
    "CREATE INDEX part_item ON part (item_id)",
)
LINKS = (
    "link",
    "CREATE TABLE link (id BIGINT PRIMARY KEY, item_id BIGINT REFERENCES item(id) ON DELETE SET NULL); "
    "CREATE INDEX link_item ON link (item_id)",
)
TRIGGERS = {
    "sqlite": "CREATE TRIGGER guard BEFORE DELETE ON item WHEN old.note = 'kept' "
    "BEGIN SELECT RAISE(ABORT, 'kept'); END",
    "mariadb": "CREATE TRIGGER guard BEFORE DELETE ON item FOR EACH ROW BEGIN IF old.note = 'kept' "
    "THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'kept'; END IF; END",
    "postgresql": "CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF old.note = 'kept' "
    "THEN RAISE EXCEPTION 'kept' USING ERRCODE = 'P0777'; END IF; RETURN old; END $$; "
    "CREATE TRIGGER guard BEFORE DELETE ON item FOR EACH ROW EXECUTE FUNCTION guard()",
}


def below(entity: str, limit: int) -> dict[str, Any]:
    """A query for the records of an entity whose group is below a limit."""
    condition = {"AttributeName": "grp", "Operator": "LessThan", "Values": [limit]}
    return {"EntityName": entity, "Criteria": {"Conditions": [condition]}}


@dataclass
class World:
    """A database filled for one test. Of `items` items every other one matches; as many logs, all of which match."""

    rows: Rows
    items: int
    logs: int = 0
    fails: Callable[[int], bool] = lambda _number: False
    """Whether a matching item, by its number among the matching ones, cannot be deleted."""
    how: str = "restrict"
    """What keeps it: `restrict` or `trigger`."""
    matching: list[int] = field(init=False)
    """The items that the query finds."""
    failing: set[int] = field(init=False)
    """Those of them that cannot go."""
    before: Snapshot = field(init=False)

    def __post_init__(self) -> None:
        for _, ddl in (ITEMS, LOGS, HOLDS, PARTS, LINKS):
            self.rows.script(ddl)
        self.matching = list(range(2, self.items + 1, 2))
        self.failing = {one for number, one in enumerate(self.matching) if self.fails(number)}
        kept = "kept" if self.how == "trigger" else "x"
        self.rows.insert(
            "item", ((at, at % 2 * 10, kept if at in self.failing else "x" * 20) for at in range(1, self.items + 1))
        )
        self.rows.insert("log", ((at, 0, "y" * 20) for at in range(1, self.logs + 1)))
        if self.how == "restrict":
            self.rows.insert("hold", ((at, one) for at, one in enumerate(sorted(self.failing), 1)))
        else:
            self.rows.script(TRIGGERS[self.rows.name])
        self.rows.insert("part", ((at, at * 3) for at in range(1, self.items // 3 + 1)))
        self.rows.insert("link", ((at, at * 5) for at in range(1, self.items // 5 + 1)))
        self.rows.settle()
        self.before = self.rows.snapshot()

    def job(self) -> dict[str, Any]:
        """Half of the items, and all logs where there are some."""
        return {"name": "faults", "queries": [below("item", 5), *([below("log", 5)] if self.logs else [])]}


@contextmanager
def left_alone(rows: Rows) -> Iterator[None]:
    """Assert that nothing changes in the database."""
    before = rows.snapshot()
    yield
    assert rows.snapshot() == before
