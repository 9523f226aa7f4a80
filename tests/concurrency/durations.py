"""How long transactions of a run hold records, measured from inside the connections."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from threading import Lock
from typing import Any

import sqlalchemy as sa

HOLDING = re.compile(
    r"^\s*(INSERT|UPDATE|DELETE|BEGIN IMMEDIATE)\b|FOR (UPDATE|SHARE|NO KEY UPDATE|KEY SHARE)|LOCK IN SHARE MODE", re.I
)
"""Statements that lock records; on SQLite the whole file."""
OURS = re.compile(r"bulkdelete_|closure_\d")
"""Our own tables: nobody else waits for their records."""


@dataclass(frozen=True)
class Held:
    """One transaction: how long it held records, how often it was refused a lock, and its slowest statement."""

    seconds: float
    statements: int
    refused: int
    slowest: float
    slowest_sql: str


@dataclass
class Current:
    """A transaction under way on one connection."""

    since: float | None = None
    statements: int = 0
    refused: int = 0
    slowest: float = 0.0
    slowest_sql: str = ""
    asked: float = 0.0


@dataclass
class Durations:
    """What the transactions of one engine held, from their first statement that locks records to the very end."""

    held: list[Held] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def before(self, connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        """A statement is sent."""
        current = connection.info.setdefault("durations", Current())
        current.asked = time.monotonic()
        if current.since is None and locks_records(statement):
            current.since = current.asked

    def after(self, connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        """A statement was answered."""
        self.noted(connection.info["durations"], statement)

    def failed(self, context: sa.engine.ExceptionContext) -> None:
        """A statement was answered with an error."""
        if context.connection is not None and "durations" in context.connection.info:
            current = context.connection.info["durations"]
            current.refused += 1
            self.noted(current, str(context.statement))

    def noted(self, current: Current, statement: str) -> None:
        took = time.monotonic() - current.asked
        current.statements += 1
        if took > current.slowest:
            current.slowest, current.slowest_sql = took, " ".join(statement.split())

    def ended(self, _connection: Any, record: Any) -> None:
        """The connection is given back: its transaction was committed or undone before."""
        current = record.info.pop("durations", None)
        if current is not None and current.since is not None:
            one = Held(
                time.monotonic() - current.since, current.statements, current.refused, current.slowest,
                current.slowest_sql,
            )  # fmt: skip
            with self.lock:
                self.held.append(one)

    @property
    def longest(self) -> Held:
        return max(self.held, key=lambda one: one.seconds)

    def at(self, share: int) -> float:
        """A percentile, in seconds."""
        seconds = [one.seconds for one in self.held]
        return quantiles(seconds, n=100)[share - 1] if len(seconds) > 1 else seconds[0]

    def figures(self) -> str:
        """In one line."""
        every = f"{len(self.held)} transactions held records: " + ", ".join(
            f"p{share} {self.at(share) * 1000:.0f} ms" for share in (50, 95, 99)
        )
        one = self.longest
        return (
            f"{every}, longest {one.seconds * 1000:.0f} ms ({one.statements} statements, {one.refused} refused, "
            f"slowest {one.slowest * 1000:.0f} ms: {one.slowest_sql[:160]})"
        )


def locks_records(statement: str) -> bool:
    """Whether other people may have to wait for a record because of it."""
    found = HOLDING.search(statement)
    if found is None:
        return False
    target = re.match(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\S+)", statement, re.I)
    if target is not None and OURS.search(target.group(1)):
        # What is listed in our table may be held, too.
        return bool(re.search(r"FOR UPDATE", statement, re.I))
    return not re.search(r"FROM \S*fence", statement)


@contextmanager
def measured(engine: sa.Engine) -> Iterator[Durations]:
    """Measure the transactions of an engine while the block runs."""
    found = Durations()
    listeners = (
        ("before_cursor_execute", found.before), ("after_cursor_execute", found.after),
        ("handle_error", found.failed), ("checkin", found.ended),
    )  # fmt: skip
    for name, listener in listeners:
        sa.event.listen(engine, name, listener)
    try:
        yield found
    finally:
        for name, listener in listeners:
            sa.event.remove(engine, name, listener)
