"""Deleting one batch: one transaction, once, whatever is killed, delivered twice or run by two workers."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import TargetChangedError, UnavailableError
from bulkdelete.records import retries
from bulkdelete.records.bounded import bound_passed, refuse_more
from bulkdelete.records.careful import Careful, TransactionLostError
from bulkdelete.records.catalogue import Entity
from bulkdelete.records.causes import Restrictions
from bulkdelete.records.dialect import Dialect, PackError, Span
from bulkdelete.records.direct import Direct, DisagreementError
from bulkdelete.records.effort import Effort, FencedError, Place, Standing, TooManyError
from bulkdelete.records.fence import fence_row
from bulkdelete.records.ledger import Ledger, ids_of
from bulkdelete.records.predicates import Truth
from bulkdelete.records.result import BatchResult
from bulkdelete.records.scope import Run

MOST_ATTEMPTS = 8
"""Attempts at one batch before it is returned."""
PATIENCE = 4
"""Attempts after which a conflict is held against the record that meets it."""


@dataclass
class BatchDeletion:
    """Deletes batches of operations in one target database."""

    engine: sa.Engine
    dialect: Dialect
    ledger: Ledger

    def __post_init__(self) -> None:
        self.restrictions = Restrictions(self.dialect)

    def delete(self, run: Run, place: Place, effort: Effort) -> BatchResult:
        """Delete one batch, or read what it did when it was deleted before.

        Raises FencedError, UnavailableError (what it needs is away: later), TargetChangedError.
        """
        effort.careful = effort.careful or self.needs_care(run, place)
        last, refusal = "the database deleted another number of records than it listed", None
        while effort.attempts < MOST_ATTEMPTS:
            try:
                with self.dialect.transaction(self.engine, snapshot=not effort.careful) as connection:
                    # From here: waiting for the lock is no reason for smaller batches.
                    started = time.monotonic()
                    result = self.once(connection, run, place, effort)
                result.duration = time.monotonic() - started
                self.dialect.between(self.engine)
                return result
            except DisagreementError:
                effort.careful = True
                effort.attempts += 1
            except TooManyError:
                effort.too_many()
                last = "far more records match than one batch may settle"
            except PackError as error:
                effort.too_many()
                last = refusal = str(error)
            except TransactionLostError as error:
                effort.lost(error.fault)
            except sa.exc.DBAPIError as error:
                fault = self.dialect.fault(error)
                if fault.kind == "away":
                    raise UnavailableError(f"the target database is away: {fault.text}") from error
                time.sleep(effort.after(fault))
                last, refusal = fault.text, f"{fault.number}: {fault.text}" if fault.kind == "record" else None
        if refusal is not None:
            # Not a record but a step around the deletion fails each time: a privilege or a table is gone.
            raise TargetChangedError(f"the database refuses the batch: {refusal}")
        raise UnavailableError(f"the batch could not be deleted in {MOST_ATTEMPTS} attempts: {last}")

    def needs_care(self, run: Run, place: Place) -> bool:
        """Whether the direct way cannot do it: other records refer to these, or no range bounds the batch."""
        entity = run.scope.entity(place.query_index)
        return place.walk["kind"] in {"matching", "set_aside", retries.KIND} or bool(
            run.scope.catalogue.referrers(entity.name)
        )

    def once(self, connection: sa.Connection, run: Run, place: Place, effort: Effort) -> BatchResult:
        """The transaction: fence, ledger, records, ledger."""
        standing = self.standing(connection, run, place)
        if standing.known:
            return standing.known
        run, now = replace(run, cut_off=standing.cut_off), standing.now
        if place.walk["kind"] == "set_aside":
            return self.retry(connection, run, place, effort, now)
        if place.walk["kind"] == retries.KIND:
            return retries.delete_retried(self, connection, run, place, effort, standing)
        if run.retried is not None:
            raise TargetChangedError("the operation is limited to chosen records, and its plan is not")
        span = self.dialect.span(
            connection, run.scope.entity(place.query_index), place.walk, place.unit_of_plan, place.position, effort.size
        )
        where = self.where(run, place, span, standing.aside)
        if standing.aside and not effort.careful:
            self.dialect.prefer_indexes(connection, all_indexed=True)
        entity = run.scope.at(place.query_index, span.table)
        if effort.allowance == 0:
            refuse_more(connection, run.scope.job, entity, where)
        if effort.careful:
            return self.carefully(connection, run, place, span, where, now, effort)
        result = BatchResult(now, span.following, span.last)
        row = {**self.row(run, place), "outcome": result.to_json()}
        most = 2 * self.dialect.most_records
        most = most if effort.allowance is None else min(most, effort.allowance)
        ids = Direct(connection, self.dialect, self.ledger, most).delete(entity, where, row)
        return result.with_ids(entity.name, ids)

    def standing(self, connection: sa.Connection, run: Run, place: Place) -> Standing:
        """What the target says of the operation and the batch, in one round trip; holds the fence.

        Raises TargetChangedError where it does not know the operation, FencedError where it forbids it.
        """
        fence, ledger, aside, _ = self.ledger.tables
        failed = sa.exists().where(aside.c.operation_id == run.id, aside.c.query_index == place.query_index)
        select = (
            sa.select(
                fence, ledger.c.count, ledger.c.ids, ledger.c.outcome, self.dialect.now(), failed.select_from(aside)
            )
            .select_from(fence.outerjoin(ledger, sa.and_(*self.mine(run, place))))
            .where(fence.c.operation_id == run.id)
            .with_for_update(read=True, of=fence)
        )
        row = connection.execute(select).one_or_none()
        if row is None:
            raise TargetChangedError(
                f"the target does not know operation {run.operation_id} any more: restored, or another database?"
            )
        said = fence_row(row)
        if not said.allows(run.digest, run.epoch):
            raise FencedError(f"the fence is {said.state} at epoch {said.epoch}")
        entity = run.scope.entity(place.query_index)
        known = self.read(row, entity) if row.outcome is not None else None
        return Standing(said.cut_off, self.dialect.read_clock(row[-2]).isoformat(), bool(row[-1]), known)

    def where(self, run: Run, place: Place, span: Span, aside_exists: bool) -> Truth:
        """The full predicate over the batch's range, without the records known to fail."""
        entity = run.scope.at(place.query_index, span.table)
        aside = self.ledger.set_aside
        mine = (aside.c.operation_id == run.id, aside.c.query_index == place.query_index)
        terms = [span.condition, run.where(place.query_index, entity)]
        if aside_exists:
            terms.append(~sa.exists().where(*mine, aside.c.record == self.dialect.key_text(entity.key_columns)))
        return sa.and_(*terms)

    def carefully(
        self, connection: sa.Connection, run: Run, place: Place, span: Span, where: Truth, now: str, effort: Effort
    ) -> BatchResult:
        """What may be kept back is split off, what fails is found, the rest goes."""
        entity = run.scope.at(place.query_index, span.table)
        self.begin(connection, run, place)
        self.dialect.reserve(connection, run.scope.catalogue.written(entity.name))
        result = BatchResult(now, span.following, span.last)
        found = sa.select(*entity.key_columns).where(where)
        most = 2 * self.dialect.most_records
        bound = effort.bound(most + 1 if span.limit is None else span.limit)
        careful = self.care(connection, run, place, effort)
        selected = careful.delete(found.limit(bound), result)
        if selected > most:
            raise TooManyError
        if effort.allowance is not None and result.taken > effort.allowance:
            # A cascade took records that the query asks for as well.
            raise TooManyError if bound > 1 else bound_passed(run.scope.job, result.taken, effort.allowance)
        if effort.allowance is not None and 0 < selected == bound:
            # The rest of the same range: what is done is gone or set aside.
            result.position, result.finished, result.untried = place.position, False, careful.untried
        elif careful.untried:
            # The rest of the same range: what is done is gone or set aside.
            result.position, result.finished, result.untried = place.position, False, True
        elif span.limit is not None:
            result.finished = selected < span.limit
        self.finish(connection, run, place, result)
        return result

    def care(self, connection: sa.Connection, run: Run, place: Place, effort: Effort, again: bool = False) -> Careful:
        """The careful way, as patient as the attempts before allow."""
        return Careful(
            connection, run, place.query_index, self.ledger, self.restrictions, self.dialect.target_seconds * 2, again,
            patient=effort.attempts < PATIENCE, given_up=effort.given_up,
        )  # fmt: skip

    def retry(self, connection: sa.Connection, run: Run, place: Place, effort: Effort, now: str) -> BatchResult:
        """Try records once more that failed before; those that are gone, or match no more, are settled as well."""
        entity = run.scope.entity(place.query_index)
        aside = self.ledger.set_aside
        mine = (aside.c.operation_id == run.id, aside.c.query_index == place.query_index, aside.c.retryable)
        size = effort.bound(effort.size)
        ahead = sa.select(aside.c.record).where(*mine).order_by(aside.c.record).limit(size)
        if place.position is not None:
            ahead = ahead.where(aside.c.record > place.position)
        texts = list(connection.execute(ahead).scalars())
        result = BatchResult(now, texts[-1] if texts else None, not size or len(texts) < size)
        self.begin(connection, run, place)
        if texts:
            self.dialect.reserve(connection, run.scope.catalogue.written(entity.name))
            where = run.where(place.query_index, entity)
            among = sa.and_(*mine, aside.c.record.between(texts[0], texts[-1]))
            self.settle_vanished(connection, run, place, where, among, result)
            careful = self.care(connection, run, place, effort, again=True)
            # From our own table to the records: each is found by its key.
            kept = sa.join(aside, entity.table, self.dialect.key_equals(entity, aside.c.record))
            found = sa.select(*entity.key_columns).select_from(kept).where(where, among)
            careful.delete(found, result)
        self.finish(connection, run, place, result)
        return result

    def settle_vanished(
        self, connection: sa.Connection, run: Run, place: Place, where: Truth, among: Truth, result: BatchResult
    ) -> None:
        """Of records that failed before, those that are gone or match no more."""
        entity = run.scope.entity(place.query_index)
        aside = self.ledger.set_aside
        there = sa.exists().where(where, self.dialect.key_equals(entity, aside.c.record)).select_from(entity.table)
        if texts := list(connection.execute(sa.select(aside.c.record).where(among, ~there)).scalars()):
            self.ledger.forget(connection, run.id, place.query_index, texts)
            result.cleared.append(ids_of(entity, texts))
            result.vanished = len(texts)

    def row(self, run: Run, place: Place) -> dict[str, str | int]:
        """The identity of a batch in the ledger."""
        return {"operation_id": run.id, "unit": place.unit, "batch": place.batch, "epoch": run.epoch}

    def begin(self, connection: sa.Connection, run: Run, place: Place) -> None:
        """Claim the batch: a second runner waits here, and then reads what this one did."""
        connection.execute(sa.insert(self.ledger.ledger).values(**self.row(run, place)))

    def finish(self, connection: sa.Connection, run: Run, place: Place, result: BatchResult) -> None:
        """Write the outcome into the ledger row: from there it can be told again."""
        connection.execute(sa.update(self.ledger.ledger).where(*self.mine(run, place)).values(outcome=result.to_json()))

    def mine(self, run: Run, place: Place) -> list[Truth]:
        """The ledger row of a batch."""
        ledger = self.ledger.ledger.c
        return [ledger.operation_id == run.id, ledger.unit == place.unit, ledger.batch == place.batch]

    def read(self, row: Any, entity: Entity) -> BatchResult:
        """A ledger row as a result."""
        result = BatchResult.from_json(row.outcome)
        if row.count is None:
            return result
        return result.with_ids(entity.name, self.dialect.unpacked(entity.key_kind, row.ids, row.count))
