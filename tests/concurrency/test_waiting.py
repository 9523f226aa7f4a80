"""Somebody holds records, or a whole table: while we hold records ourselves we wait no longer than the bound."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from tests.concurrency.durations import Durations, measured
from tests.concurrency.hands import Hand, hand
from tests.concurrency.worlds import Size, World, below
from tests.faults.rows import Rows
from tests.records.sessions import Session, session_on

MOST_REFUSED = {"postgresql": 3, "mariadb": 2, "mysql": 2, "sqlite": 2}
"""Statements of one transaction: on PostgreSQL one that waits for nobody; one that waits in vain for 0.2 seconds (a
second on MariaDB), and one that asks what keeps a record. Not the time itself: a busy machine takes as long for what
waits for nobody."""
WATCHED = 15.0
"""Seconds after which the other one lets go."""
SIZE = Size(boxes=400, logs=3_000, nodes=240)


@dataclass(frozen=True)
class Other:
    """What somebody does and does not commit, and what somebody else wants to do with the table meanwhile."""

    name: str
    entity: str
    statement: str
    waiting: str = ""


RECORDS = [
    Other("a record", "box", "SELECT * FROM box WHERE id = 7 FOR UPDATE"),
    Other("many records", "box", "SELECT * FROM box WHERE id % 10 = 1 FOR UPDATE"),
    Other("a record without children", "log", "SELECT * FROM log WHERE id = 1700 FOR UPDATE"),
    Other("a child that goes along", "box", "UPDATE part SET v = 1 WHERE id = 7"),
    Other("a child to be unlinked", "box", "UPDATE link SET v = 1 WHERE id = 1"),
    Other("a child of a record that stays", "box", "UPDATE link SET v = 1 WHERE id = 3"),
    Other("a child that keeps", "box", "DELETE FROM hold WHERE id = 1"),
    Other("a child to come", "box", "INSERT INTO part VALUES (999999, 7, 0)"),
    Other("a node", "node", "UPDATE node SET pad = 'z' WHERE id = 7"),
]
TABLES = [
    Other("a table", "box", "SELECT count(*) FROM box", "ALTER TABLE box ADD COLUMN later INTEGER"),
    Other("a child's table", "box", "SELECT count(*) FROM link", "ALTER TABLE link ADD COLUMN late INTEGER"),
    Other("an index", "log", "UPDATE log SET pad = 'z' WHERE id = 3", "CREATE INDEX late ON log (grp)"),
]
SERVERS = {"postgresql": pytest.mark.postgresql, "mariadb": pytest.mark.mariadb, "mysql": pytest.mark.mysql}
LENGTHY = {
    ("mariadb", "a child that keeps"), ("postgresql", "a child's table"),
    ("mariadb", "a child's table"), ("postgresql", "an index"), ("mariadb", "an index"),
}  # fmt: skip
"""Ten seconds and more, much of it spent waiting."""


def cases(others: Iterable[Other]) -> list[Any]:
    """Each on both servers."""
    found = []
    for name, server in SERVERS.items():
        for one in others:
            is_long = name == "mysql" or (name, one.name) in LENGTHY
            marks = [server, *([pytest.mark.long] if is_long else [])]
            found.append(pytest.param(name, one, marks=marks, id=f"{one.name}-{name}"))
    return found


@contextmanager
def holding(rows: Rows, other: Other) -> Iterator[Hand]:
    """Somebody does it, holds it, and undoes it in the end; whoever waits for that has waited."""
    first, second = hand(rows, 1), hand(rows, 3)
    first.begin()
    first.execute(other.statement)
    waiter = threading.Thread(target=second.transaction, args=[[other.waiting]])
    if other.waiting:
        waiter.start()
        time.sleep(0.2)
    try:
        yield first
    finally:
        first.undo()
        if other.waiting:
            waiter.join(30)
        first.close()
        second.close()


def driven(session: Session, operation_id: UUID, seconds: float) -> bool:
    """Work on an operation for so long, or to its end; whether it ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if session.step(operation_id).is_final:
            return True
    return False


def beside(rows: Rows, other: Other) -> tuple[bool, Durations]:
    """A run beside it, accounted for; whether it ended by itself, and how long its transactions held records."""
    world = World(rows, SIZE, audited=False)
    with session_on(rows) as session, measured(session.target.engine) as found:  # type: ignore[arg-type]
        operation_id = session.submit(below(other.entity))
        session.step(operation_id)
        with holding(rows, other):
            ended_by_itself = driven(session, operation_id, WATCHED)
        ended = session.drive(operation_id)
    print(f"\n{rows.name}, {other.name}: {found.figures()}")
    told = [*ended.deleted[other.entity], *ended.cascaded.get(other.entity, [])]
    gone = world.before[other.entity] - world.keys()[other.entity]
    assert gone == {int(str(one)) for one in told}
    assert world.untouched(other.entity) == {int(one["record"]) for one in ended.failures}
    return ended_by_itself, found


@pytest.mark.parametrize(("rows", "other"), cases(RECORDS), indirect=["rows"])
def test_records_that_somebody_holds(rows: Rows, other: Other) -> None:
    ended_by_itself, found = beside(rows, other)

    assert ended_by_itself, "it waits until the other one lets go"
    assert max(one.refused for one in found.held) <= MOST_REFUSED[rows.name], found.figures()


@pytest.mark.parametrize(("rows", "other"), cases(TABLES), indirect=["rows"])
def test_a_table_that_somebody_waits_to_change(rows: Rows, other: Other) -> None:
    _, found = beside(rows, other)

    assert max(one.refused for one in found.held) <= MOST_REFUSED[rows.name], found.figures()
