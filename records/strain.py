"""Strain: whether the database suffers, so that a deletion has to wait; measured outside of its transactions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from bulkdelete.records.dialect import Dialect
from bulkdelete.records.names import read_address

LOOK = 1.0
"""Seconds between two looks at a database."""
SECONDS = 2.0
"""Seconds that one look may take."""


@dataclass(frozen=True)
class Limits:
    """How much a database may suffer before a deletion waits; None: that is not looked at."""

    replication_lag_seconds: float | None = None
    """Of the replica that is furthest behind."""
    waiting_for_locks: int | None = None
    """Sessions of others that wait for a lock."""
    threads_running: int | None = None
    """MariaDB and MySQL: threads that do something."""
    query: str | None = None
    """One number, by a query of the operator's own."""
    at_most: float = 0.0
    """The largest number that the query may give."""
    replicas: tuple[str, ...] = ()
    """MariaDB and MySQL: addresses of replicas, each with its password."""

    @property
    def are_set(self) -> bool:
        """Whether anything is looked at."""
        return replace(self, at_most=0.0, replicas=()) != NO_LIMITS


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Strain:
    """Why a deletion has to wait."""

    cause: str
    reason: str


@dataclass
class Gauge:
    """Looks at one database now and then, for all of its workers."""

    engine: sa.Engine
    dialect: Dialect
    limits: Limits
    looked: float = float("-inf")
    found: Strain | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.replicas = [self.dialect.engine(read_address(one)) for one in self.limits.replicas]

    def strain(self) -> Strain | None:
        """Why it has to wait, as of a second ago at most; None where it need not.

        Raises the database's error where it is away.
        """
        if not self.limits.are_set:
            return None
        if time.monotonic() - self.looked >= LOOK and self.lock.acquire(blocking=False):
            try:
                self.found = next(self.look(), None)
                self.looked = time.monotonic()
            finally:
                self.lock.release()
        return self.found

    def look(self) -> Iterator[Strain]:
        """Everything that is beyond its limit."""
        with self.dialect.reading(self.engine, SECONDS) as connection:
            for measure in self.dialect.measures(connection, self.replicas):
                limit = getattr(self.limits, measure.name)
                if limit is not None and measure.value > limit:
                    yield Strain(measure.name.replace("_", " "), f"{measure.told}, at most {limit:g} allowed")
        if self.limits.query is not None:
            yield from self.asked(self.limits.query)

    def asked(self, query: str) -> Iterator[Strain]:
        """What the operator's own query says; one that does not work keeps the deletion waiting, and says so."""
        try:
            with self.dialect.reading(self.engine, SECONDS) as connection:
                value = float(connection.exec_driver_sql(query.replace("%", "%%")).scalar_one() or 0)
        except sa.exc.DBAPIError as error:
            fault = self.dialect.fault(error)
            if fault.kind == "away":
                raise
            yield Strain("broken query", f"the back-off query does not work: {fault.text:.300}")
        except (TypeError, ValueError, sa.exc.SQLAlchemyError) as error:
            yield Strain("broken query", f"the back-off query does not give one number: {error!s:.300}")
        else:
            if value > self.limits.at_most:
                yield Strain("back-off query", f"the back-off query gives {value:g}, at most {self.limits.at_most:g}")

    def close(self) -> None:
        """Let go of the replicas."""
        for one in self.replicas:
            one.dispose()
