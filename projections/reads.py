"""Reads: every question to the views, typed; each is also a verb of the command line.

Rows come one by one from a result that is fetched in pieces, so that memory does not depend on how many there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import duckdb

from bulkdelete.domain.errors import InvalidJobError, OperationNotFoundError, ViewsError
from bulkdelete.projections.answers import (
    DeletedRecord,
    Deletion,
    Failure,
    FailureCause,
    Halt,
    OperationLine,
    OperationStatus,
    QueryStatus,
    RecordId,
    RejectedRow,
    Step,
    Told,
)
from bulkdelete.projections.named import statements
from bulkdelete.projections.plain import as_json
from bulkdelete.projections.source import EventSource

if TYPE_CHECKING:
    from bulkdelete.projections.recorded import RecordedEvent

FETCHED = 1000
INSTANTS = ("submitted_at", "started_at", "ended_at", "cut_off", "postponed_until")
INSTANT = "replace(strftime({}, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')"
"""An instant as text, as `plain` writes it."""


class Reads:
    """The views as they were when they were opened."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: EventSource | None) -> None:
        self.connection = connection
        self.source = source
        self.statements = completed(statements("reads.sql"))

    def identify(self, text: str | UUID | None = None) -> UUID:
        """The operation that an id, or the beginning of one, means; without one the last that was submitted."""
        if text is None:
            for (found,) in self.rows("last"):
                return UUID(str(found))
            raise OperationNotFoundError("nothing was submitted yet")
        prefix = str(text).strip().lower().replace("-", "")
        found = list(self.rows("identify", prefix=prefix)) if prefix else []
        if not found:
            raise OperationNotFoundError(f"no operation {str(text)!r:.80}", "id")
        if len(found) > 1:
            candidates = ", ".join(f"{operation_id} ({name})" for operation_id, name in found)
            raise OperationNotFoundError(f"{text} is the beginning of several: {candidates}", "id")
        return UUID(str(found[0][0]))

    def status(self, operation: str | UUID | None = None) -> OperationStatus:
        """How far an operation is."""
        return next(self.operations(self.identify(operation)))

    def operations(self, only: UUID | None = None) -> Iterator[OperationStatus]:
        """How far each operation is, the last submitted first."""
        for row in self.rows("operations", operation_id=only):
            values = list(row)
            values[7:10] = json.loads(row[7]), json.loads(row[8]), tuple(QueryStatus(**query) for query in row[9])
            yield OperationStatus(*values)

    def lines(self) -> Iterator[OperationLine]:
        """How far each operation is in a line, the last submitted first."""
        return (OperationLine(*row) for row in self.rows("operations in a line", operation_id=None))

    def operations_json(self) -> Iterator[tuple[UUID, str]]:
        """Each operation with what `operations` says of it as a JSON text that DuckDB writes: of many thousands."""
        return self.rows("operations as json", operation_id=None)

    def halt(self) -> Halt | None:
        """Who halted everything, and why; None where nobody did."""
        return next((Halt(*row) for row in self.rows("halt")), None)

    def rates(self, database: str, least: int) -> dict[str, float]:
        """Records a second of the last runs on a database, by entity: of those that had at least so many records."""
        return dict(self.rows("rates", database=database, least=least))

    def failures(self, operation: str | UUID | None = None) -> Iterator[Failure]:
        """The records of an operation that could not be deleted."""
        return map(failure_of, self.rows("failures", operation_id=self.identify(operation)))

    def failures_by_cause(self, operation: str | UUID | None = None, most: int | None = None) -> Iterator[Failure]:
        """The same, those of one cause after the other, at most so many."""
        for row in self.rows("failures by cause", operation_id=self.identify(operation), most=most):
            yield failure_of(row)

    def causes(self, operation: str | UUID | None = None) -> list[FailureCause]:
        """Why records of an operation could not be deleted, the most frequent cause first."""
        found = []
        for row in self.rows("causes", operation_id=self.identify(operation)):
            count, entity, number, text, constraint, blocking, retryable, record_id, kind, many, sample = row
            some = None if sample is None else json.loads(sample)
            example = shown(record_id, kind)
            found.append(
                FailureCause(count, entity, number, text, constraint, blocking, retryable, example, many, some)
            )
        return found

    def notifications(self, operation: str | UUID | None = None) -> Iterator[Told]:
        """Who was told how an operation ended, or how any of them did; the last first."""
        only = None if operation is None else self.identify(operation)
        return (Told(*row) for row in self.rows("notifications", operation_id=only))

    def untold(self) -> dict[UUID, list[str]]:
        """Operation → who could not be told, or not yet, how it ended, and why."""
        found: dict[UUID, list[str]] = {}
        for operation_id, channel, recipient, status, reason in self.rows("untold"):
            how = "not told" if status == "undeliverable" else "not told yet"
            found.setdefault(operation_id, []).append(f"{recipient} {how} by {channel}: {reason or 'it is under way'}")
        return found

    def deleted(self, operation: str | UUID | None = None) -> Iterator[DeletedRecord]:
        """The records that an operation deleted, cascaded ones too."""
        for row in self.rows("deleted", operation_id=self.identify(operation)):
            entity, record_id, *rest, kind = row
            yield DeletedRecord(entity, shown(record_id, kind), *rest)

    def json_of(self, rows: Literal["failures", "deleted"], operation: str | UUID | None = None) -> Iterator[str]:
        """The same rows as JSON texts that DuckDB writes: what millions of them are exported by."""
        return (text for (text,) in self.rows(f"{rows} as json", operation_id=self.identify(operation)))

    def deleted_record(self, entity: str, record_id: str | Sequence[str]) -> list[Deletion]:
        """Who deleted a record: every operation that did, in order of time."""
        text = record_id if isinstance(record_id, str) else as_json(list(record_id))
        found = self.rows("deletions", entity=entity, record_id=text, composite=canonical(text))
        return [
            Deletion(row[0], shown(row[1], row[10]), *row[2:9], query=json.loads(row[9]))  # type: ignore[misc]
            for row in found
        ]

    def rejections(self) -> Iterator[RejectedRow]:
        """The messages that could never work."""
        return (RejectedRow(*row) for row in self.rows("rejections"))

    def history(
        self,
        operation: str | UUID | None = None,
        with_records: bool = False,
        events: Iterable[RecordedEvent] | None = None,
    ) -> Iterator[Step]:
        """The events of an operation in order, from the event store itself, or from these events."""
        # Only here: what reads events takes a while to load, which the other questions need not.
        from bulkdelete.projections.history import steps, steps_of  # noqa: PLC0415

        operation_id = self.identify(operation)
        if events is not None:
            return steps_of(events, operation_id, with_records)
        if self.source is None:
            raise ViewsError("there is no event store here to read the history from; read Kafka's topic: --kafka")
        return steps(self.source.application(), operation_id, with_records)

    def sql(self, query: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
        """The columns and rows of one SELECT."""
        try:
            found = duckdb.extract_statements(query)
        except duckdb.Error as error:
            raise InvalidJobError(f"{error!s:.2000}") from None
        if len(found) != 1 or found[0].type != duckdb.StatementType.SELECT:
            raise InvalidJobError("one statement that reads: a SELECT, or one that describes or shows")
        cursor = self.connection.cursor()
        try:
            cursor.execute(found[0])
        except duckdb.Error as error:
            raise InvalidJobError(f"{error!s:.2000}") from None
        return [column[0] for column in cursor.description or []], fetched(cursor)

    def rows(self, name: str, **parameters: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a named statement."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(self.statements[name], parameters or None)
        except duckdb.Error as error:
            raise unreadable(error) from None
        return fetched(cursor)


def completed(found: dict[str, str]) -> dict[str, str]:
    """The statements about operations, with what they have in common."""
    parts = {name: INSTANT.format(name) for name in INSTANTS} | {"standing": found["standing"]}
    return {name: text.format(**parts) if name.startswith("operations") else text for name, text in found.items()}


def failure_of(row: tuple[Any, ...]) -> Failure:
    """A row of `failures` as an answer."""
    entity, record_id, index, number, text, constraint, blocking, many, sample, kind = row
    some = None if sample is None else json.loads(sample)
    return Failure(entity, shown(record_id, kind), index, number, text, constraint, blocking, many, some)


def fetched(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """Every row, fetched some at a time."""
    try:
        while rows := cursor.fetchmany(FETCHED):
            yield from rows
    except duckdb.Error as error:
        raise unreadable(error) from None


def unreadable(error: duckdb.Error) -> ViewsError:
    """The views cannot be read, and what helps."""
    return ViewsError(f"the views cannot be read: {error!s:.300}; make them anew with: bulkdelete rebuild")


def shown(record_id: str, kind: str) -> RecordId:
    """A record's id as the database prints it; composite keys are lists."""
    if kind != "composite":
        return record_id
    parts: list[str] = json.loads(record_id)
    return parts


def canonical(text: str) -> str | None:
    """A composite key given as a JSON list, as the views hold it."""
    try:
        parts = json.loads(text)
    except ValueError:
        return None
    return as_json([str(part) for part in parts]) if isinstance(parts, list) else None
