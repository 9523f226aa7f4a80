"""What people do without a tool: one DELETE, or a loop of small ones."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.databases.database import Cursor
from benchmarks.run import Contestant, Run, StoppedError

LIMIT = 10_000
"""Records in one round of the loop: fewer make it slower."""


def delete_at_once(run: Run) -> None:
    """One statement, one transaction."""
    with run.database.connected(run.address) as cursor, run.timed():
        committed(run, cursor, f"DELETE FROM record WHERE {run.database.condition}")


def delete_in_a_loop(run: Run) -> None:
    """At most so many, committed, until nothing is left."""
    statement = run.database.some.format(condition=run.database.condition, limit=LIMIT)
    with run.database.connected(run.address) as cursor, run.timed():
        while committed(run, cursor, statement):
            pass


def committed(run: Run, cursor: Cursor, statement: str) -> int:
    """Run a statement in a transaction of its own; returns how many rows it deleted."""
    cursor.execute(run.database.begin)
    try:
        cursor.execute(statement)
    except Exception as error:
        if not run.data.kept:
            raise
        cursor.execute("ROLLBACK")
        raise StoppedError(f"stops at the first restricted record ({type(error).__name__})") from error
    deleted = cursor.rowcount
    cursor.execute("COMMIT")
    return deleted


def statement(name: str, delete: Callable[[Run], None]) -> Contestant:
    """A contestant that sends statements."""
    return Contestant(name, delete, in_process=True)


SINGLE = statement("single DELETE", delete_at_once)
LOOP = statement("hand-written loop", delete_in_a_loop)
