"""Jobs run in this very thread, and what must be true afterwards whatever the job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from bulkdelete.consumers.deletion import Deletion
from bulkdelete.consumers.operations import take_outcome
from bulkdelete.domain.agenda import outstanding
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.batch import Batch
from bulkdelete.domain.commands import SubmitBulkDelete
from bulkdelete.domain.declarations import NOTHING, Declarations
from bulkdelete.domain.job import GovernedJob, Job
from bulkdelete.domain.operation import Operation
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.record_ids import RecordId, RecordIds
from bulkdelete.domain.summary import summary
from bulkdelete.records.target import Target
from tests.records.databases import Database, Key

MOST_ROUNDS = 2_000
MOST_RETURNED = 3


@dataclass
class Ended:
    """What an operation did, as its log tells it."""

    operation: Operation
    deleted: dict[str, list[Key]] = field(default_factory=dict)
    cascaded: dict[str, list[Key]] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)
    """One a record, those that were settled later left out."""

    @property
    def summary(self) -> dict[str, Any]:
        """What people are told."""
        return summary(self.operation)

    def failed(self, record: Key | int) -> dict[str, Any]:
        """The failure of one record."""
        (found,) = [
            one for one in self.failures if one["record"] == (str(record) if isinstance(record, int) else record)
        ]
        return found


@dataclass
class Session:
    """An event store in memory and one target: operations begin, go on and end here, step by step."""

    target: Target
    application: BulkDeletes
    catalogue: Declarations = NOTHING
    ledger: str | None = None

    def job(
        self, *queries: Query | dict[str, Any], meaning: dict[str, Any] | None = None, **options: Any
    ) -> GovernedJob:
        """A job under the session's catalogue; `meaning`: its settings of what the queries mean."""
        job = {"name": "test", "queries": list(queries), "options": options, **(meaning or {})}
        return Job.read(job).under(self.catalogue, self.ledger)

    def submit(self, *queries: Query | dict[str, Any], **options: Any) -> UUID:
        """Submit a job; returns the operation's id."""
        job = self.job(*queries, **options)
        operation_id = uuid4()
        self.application.submit(
            SubmitBulkDelete(command_id=uuid4(), operation_id=operation_id, requested_by="tester", job=job),
            self.target.shown,
        )
        return operation_id

    def step(self, operation_id: UUID) -> Operation:
        """Do the first piece of outstanding work."""
        work = outstanding(self.application.operation(operation_id))
        for one in work[:1]:
            for outcome in Deletion(self.application, lambda _name: self.target).do(one):
                take_outcome(outcome, self.application)
        return self.application.operation(operation_id)

    def drive(self, operation_id: UUID, rounds: int = MOST_ROUNDS) -> Ended:
        """Do all outstanding work until the operation has ended."""
        away = 0
        for _ in range(rounds):
            operation = self.step(operation_id)
            away = away + 1 if operation.status == "retrying" else 0
            assert away <= MOST_RETURNED, f"returned {away} times: {operation.waiting_for}"
            if operation.is_final:
                self.step(operation_id)
                return self.told(operation_id)
        raise AssertionError(f"not ended after {rounds} steps: {summary(operation)}")

    def run(self, *queries: Query | dict[str, Any], **options: Any) -> Ended:
        """Run a job to its end."""
        return self.drive(self.submit(*queries, **options))

    def told(self, operation_id: UUID) -> Ended:
        """What the log tells of an operation."""
        ended = Ended(self.application.operation(operation_id))
        failures: dict[tuple[int, str, Key], dict[str, Any]] = {}
        for event in self.events(operation_id):
            if isinstance(event, Batch.RecordsDeleted):
                into = ended.cascaded if event.cascaded else ended.deleted
                into.setdefault(event.entity, []).extend(ids_of(event.records))
            elif isinstance(event, Batch.RecordFailed):
                for at, one in enumerate(ids_of(event.records)):
                    told = {name: getattr(event, name) for name in FAILURE_FIELDS}
                    if event.blocking_counts:
                        told["blocking_count"] = event.blocking_counts[at]
                        told["blocking_sample"] = event.blocking_samples[at]
                    assert (event.query_index, event.entity, one) not in failures
                    failures[event.query_index, event.entity, one] = {"record": one, **told}
            elif isinstance(event, Batch.FailureCleared):
                for one in ids_of(event.records):
                    del failures[event.query_index, event.entity, one]
        ended.failures = list(failures.values())
        return ended

    def events(self, operation_id: UUID) -> Iterator[object]:
        """Everything recorded of the operation's batches, in order."""
        log, mapper = self.application.notification_log, self.application.mapper
        start: int | None = 1
        while start is not None:
            section = log.select(start, 1000)
            for notification in section:
                event = mapper.to_domain_event(notification)
                if getattr(event, "operation_id", None) == str(operation_id):
                    yield event
            start = section[-1].id + 1 if len(section) == 1000 else None


FAILURE_FIELDS = ("entity", "query_index", "error_number", "error_description", "constraint", "blocking_entity")


def ids_of(records: dict[str, Any]) -> list[Key]:
    """The ids of packed records."""
    ids: Iterator[RecordId] = iter(RecordIds.from_json(records))
    return [one if isinstance(one, str) else tuple(one) for one in ids]


@contextmanager
def session_on(database: Database) -> Iterator[Session]:
    """A session with an event store in memory."""
    target = Target(database.address)
    try:
        with BulkDeletes() as application:
            yield Session(target, application)
    finally:
        target.close()


def account(database: Database, before: dict[str, set[Key]], ended: Ended) -> None:
    """Assert that log, counts and database tell the same, record by record."""
    after = database.state()
    for table, keys in before.items():
        gone = keys - after[table]
        told = [*ended.deleted.get(table, []), *ended.cascaded.get(table, [])]
        assert len(told) == len(set(told)), f"{table}: told twice: {sorted(map(str, told))[:20]}"
        assert set(told) == gone, f"{table}: log {len(told)}, database {len(gone)}"
        failed = [one["record"] for one in ended.failures if one["entity"] == table]
        assert set(failed) <= after[table], f"{table}: failed, and yet gone"
    told_of = ended.summary
    assert told_of["deleted"] == sum(map(len, ended.deleted.values()))
    assert told_of["cascaded"] == {entity: len(ids) for entity, ids in ended.cascaded.items()}
    assert told_of["failed"] == len(ended.failures)
    for query in told_of["queries"]:
        assert query["matched"] == query["deleted"] + query["failed"] + query["vanished"]
