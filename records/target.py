"""Target: one database that records are deleted from, and everything an operation does there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from bulkdelete.domain.declarations import Declarations
from bulkdelete.domain.errors import InvalidJobError, UnavailableError
from bulkdelete.domain.job import Job
from bulkdelete.domain.ledger_place import LedgerPlace
from bulkdelete.records.bounded import check_reach, check_records
from bulkdelete.records.chosen import Choosing
from bulkdelete.records.declared import Declared
from bulkdelete.records.deletion import BatchDeletion
from bulkdelete.records.dialect import Walk
from bulkdelete.records.dialects import dialect_of
from bulkdelete.records.effort import Effort, Place
from bulkdelete.records.fence import FenceRow, close_fence, open_fence
from bulkdelete.records.keyset import below
from bulkdelete.records.ledger import Ledger, ledger_tables, place_of
from bulkdelete.records.names import read_address, shown
from bulkdelete.records.own_tables import OwnTables
from bulkdelete.records.pace import Paces
from bulkdelete.records.pool import close_pool
from bulkdelete.records.preflight import probe_all
from bulkdelete.records.preview import Preview, previewed
from bulkdelete.records.result import BatchResult
from bulkdelete.records.retries import plan_retry
from bulkdelete.records.scope import Run, Scope
from bulkdelete.records.strain import NO_LIMITS, Gauge, Limits, Strain

PLANNING_SECONDS = 5.0
CLEARED = 5_000
"""Ledger rows removed in one transaction."""


@dataclass
class Target:
    """One target database. Raises UnavailableError while it is away."""

    address: str
    ledger_place: str | None = None
    """Where our tables are, as a setting spells it; None: the default of the database."""
    patience: float = 20.0
    """Seconds that a lock of somebody else is waited for before anything began."""
    limits: Limits = NO_LIMITS
    """How much the database may suffer before a deletion waits."""

    def __post_init__(self) -> None:
        self.url = read_address(self.address)
        self.dialect = dialect_of(self.url)
        self.place = place_of(self.dialect, self.ledger_place)
        self.engine = self.dialect.engine(self.url)
        self.ledger: Ledger = ledger_tables(self.dialect, self.place)
        self.dialect.ours |= {(one.schema, one.name) for one in self.ledger.tables}
        self.tables = OwnTables(self.engine, self.dialect, self.ledger)
        self.batches = BatchDeletion(self.engine, self.dialect, self.ledger)
        self.scopes: dict[str, Scope] = {}
        self.paces = Paces(self.dialect)
        self.gauge = Gauge(self.engine, self.dialect, self.limits)
        # One writer a file: several would only wait for each other.
        self.turn: AbstractContextManager[object] = threading.Lock() if self.dialect.workers == 1 else nullcontext()
        self.elsewhere: dict[LedgerPlace, Target] = {}

    def under(self, ledger_place: str | None) -> Target:
        """The same database with our tables where an operation keeps them."""
        place = place_of(self.dialect, ledger_place)
        if place == self.place:
            return self
        if place not in self.elsewhere:
            other = Target(self.address, ledger_place, self.patience, self.limits)
            other.turn = self.turn
            self.elsewhere[place] = other
        return self.elsewhere[place]

    @property
    def shown(self) -> str:
        """The address without its password."""
        return shown(self.url)

    def close(self) -> None:
        """Let go of all connections."""
        close_pool(self.engine)
        self.gauge.close()
        for other in self.elsewhere.values():
            other.close()

    @contextmanager
    def available(self) -> Iterator[None]:
        """Translate the database being away, or busy, into UnavailableError."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            fault = self.dialect.fault(error)
            if fault.kind == "record":
                raise InvalidJobError(f"the database refuses it: {fault.number}: {fault.text}") from error
            raise UnavailableError(f"the target database is away or busy: {fault.text}") from error
        except sa.exc.TimeoutError as error:
            raise UnavailableError("all connections to the target database are in use") from error

    def scope(self, job: Job) -> Scope:
        """The job held against the database as it is now. Raises InvalidJobError."""
        with self.available(), self.dialect.reading(self.engine, PLANNING_SECONDS) as connection:
            scope = replace(Scope.of(job, connection, self.dialect), chosen=self.ledger.chosen)
            check_reach(scope)
        self.scopes[job.digest()] = scope
        return scope

    def check_declarations(self, declarations: Declarations) -> None:
        """Hold a catalogue against the database. Raises InvalidJobError where it does not fit."""
        with self.available(), self.dialect.reading(self.engine, PLANNING_SECONDS) as connection:
            Declared(self.dialect.tables(connection), declarations)

    def known_scope(self, job: Job) -> Scope:
        """The same, without asking the database again for a job that was held against it before."""
        return self.scopes.get(job.digest()) or self.scope(job)

    def check(self, job: Job) -> tuple[Scope, list[str]]:
        """Hold the job against the database and try what it will need, changing nothing; the texts are cautions."""
        scope = self.scope(job)
        for attempt in self.waits():
            with attempt:
                notes = self.probe(scope)
                with self.available():
                    check_records(self.engine, self.dialect, scope, PLANNING_SECONDS)
                return scope, notes
        raise AssertionError("the last attempt returns or raises")

    def probe(self, scope: Scope) -> list[str]:
        """Try what the job will need in one transaction that is undone; the texts are cautions."""
        with self.available():
            with self.dialect.transaction(self.engine) as connection:
                cautions = probe_all(connection, self.dialect, scope)
            self.tables.check()
        return cautions

    def waits(self) -> Retrying:
        """Attempts at what somebody else's lock may hold up, for a bounded time."""
        until, pause = stop_after_delay(self.patience), wait_exponential(0.1, max=2)
        return Retrying(retry=retry_if_exception_type(UnavailableError), wait=pause, stop=until, reraise=True)

    def preview(self, job: Job, rates: Mapping[str, float] | None = None) -> Preview:
        """What the job will do, by the database's own estimates; `rates` of earlier runs, records a second, by entity.

        Raises InvalidJobError.
        """
        scope, notes = self.check(job)
        with self.available(), self.dialect.reading(self.engine, PLANNING_SECONDS) as connection:
            return previewed(connection, self.dialect, scope, notes, rates or {})

    def open(self, operation_id: UUID, job: Job, epoch: int) -> tuple[FenceRow, Scope]:
        """Let the operation run at this epoch; creates our tables where they are missing."""
        scope, _ = self.check(job)
        self.tables.create()
        with self.available(), self.dialect.transaction(self.engine) as connection:
            row = open_fence(connection, self.dialect, self.ledger, operation_id, job, epoch)
        return row, scope

    def plan(self, run: Run, query_index: int, retry: bool, number: int = 1) -> tuple[Walk, bool]:
        """How to walk the entity of a query, and whether it tells which records were there at the start."""
        bounded = run.scope.created_on(query_index) is not None
        if run.retried is not None and not retry:
            return plan_retry(run.retried, query_index, number), bounded
        if run.scope.is_settled_first(query_index) and not retry:
            bounded = True  # no other record is meant, whenever it was created
            with self.available():
                Choosing(self.engine, self.dialect, self.ledger).choose(run, query_index)
        with self.available(), self.dialect.reading(self.engine, PLANNING_SECONDS) as connection:
            if retry:
                return Walk({"kind": "set_aside"}, 1, self.ledger.retryable(connection, run.id, query_index)), bounded
            entity = run.scope.entity(query_index)
            where = run.where(query_index, entity)
            known = self.ledger.is_set_aside(connection, run.id, query_index, self.dialect.key_text(entity.key_columns))
            return self.dialect.walk(connection, entity, where if known is None else sa.and_(where, ~known)), bounded

    def strain(self) -> Strain | None:
        """Why a deletion has to wait since the database suffers; None where it need not."""
        with self.available():
            return self.gauge.strain()

    def delete(self, run: Run, place: Place, most: int | None = None, allowance: int | None = None) -> BatchResult:
        """One batch; how much it takes on follows from how long the batches before it took, and from `most` records."""
        kind = run.scope.entity(place.query_index).key_kind
        pace = self.paces.of(run.operation_id, place.query_index, self.batches.needs_care(run, place), kind)
        effort = Effort(pace.size_for(most), careful=False, allowance=allowance)
        try:
            with self.turn:
                result = self.batches.delete(run, place, effort)
        except sa.exc.TimeoutError as error:
            raise UnavailableError("all connections to the target database are in use") from error
        if result.untried:
            pace.slow_down(result.matched)
        else:
            pace.learn(effort.size, result.duration, result.matched, bounded=most is not None)
        return result

    def close_operation(self, operation_id: UUID, digest: str, epoch: int, state: str) -> None:
        """Let nothing more be deleted; returns when no batch is in the database any more."""
        deadline = time.monotonic() + 10
        self.tables.create()
        while True:
            try:
                with self.dialect.transaction(self.engine) as connection:
                    close_fence(connection, self.dialect, self.ledger, operation_id, digest, epoch, state)
                return
            except sa.exc.DBAPIError as error:
                fault = self.dialect.fault(error)
                if fault.kind not in {"locked", "conflict"} or time.monotonic() > deadline:
                    raise UnavailableError(f"the fence cannot be closed now: {fault.text}") from error
                time.sleep(0.05)

    def proven(
        self, run: Run, query_index: int, recorded: dict[int, int], walked: int
    ) -> Iterator[tuple[int, int, BatchResult]]:
        """Committed batches that are not recorded yet, as (unit, batch, result).

        All units before `walked` are recorded; of later ones the first `recorded[unit]` batches.
        """
        ledger = self.ledger.ledger
        select = sa.select(ledger).where(ledger.c.operation_id == run.id, ledger.c.unit >= walked)
        with self.available(), self.dialect.reading(self.engine, PLANNING_SECONDS) as connection:
            rows = connection.execute(select.order_by(ledger.c.unit, ledger.c.batch)).all()
        for row in rows:
            if row.batch >= recorded.get(row.unit, 0):
                entity = run.scope.entity(query_index)
                yield row.unit, row.batch, self.batches.read(row, entity)

    def clear(self, operation_id: UUID) -> None:
        """Remove what is recorded: the ledger rows and the records set aside. The fence stays."""
        for table in (self.ledger.ledger, self.ledger.set_aside, self.ledger.chosen):
            _, *key = table.primary_key.columns
            mine = table.c.operation_id == str(operation_id)
            ahead = sa.select(*key).where(mine).order_by(*key).limit(1).offset(CLEARED)
            following: Any = True
            while following is not None:
                with self.available(), self.dialect.transaction(self.engine) as connection:
                    following = connection.execute(ahead).one_or_none()
                    some = sa.true() if following is None else below(key, list(following), spelled_out=True)
                    connection.execute(sa.delete(table).where(mine, some))
        self.paces.forget(operation_id)
