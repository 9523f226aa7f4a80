"""What a target database must be able to do: one implementation a dialect."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from bulkdelete.domain.ledger_place import LedgerPlace
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.domain.record_ids import KeyKind, RecordIds
from bulkdelete.records.catalogue import Entity, Relationship
from bulkdelete.records.extent import Costs, Extent
from bulkdelete.records.fault import Fault
from bulkdelete.records.measures import Measured
from bulkdelete.records.predicates import Operands, Truth
from bulkdelete.records.schema import Schema

AnySelect = sa.Select[*tuple[Any, ...]]
"""A select of whatever columns."""
TableName = tuple[str | None, str]
"""Schema and name."""


class PackError(Exception):
    """A pack does not hold as many ids as it should: it grew larger than the database packs."""


@dataclass(frozen=True)
class Walk:
    """How a table is walked: `kind` and what it needs, as JSON; `units` fixed ranges; the estimate in records."""

    shape: dict[str, Any]
    units: int
    estimated: int


@dataclass(frozen=True)
class Span:
    """The records of one batch: a condition, the table it holds for, and where the next batch begins."""

    table: sa.Table
    condition: Truth
    following: Any
    last: bool
    limit: int | None = None
    """At most so many records, where the condition alone does not bound them."""


class Dialect(Operands, Measured, Protocol):
    """Everything that only one kind of database knows."""

    name: str
    workers: int
    """Workers that may delete from one database at once with profit."""
    alone: bool
    """Whether a transaction has the database to itself: nobody else writes until it ends."""
    target_seconds: float
    """How long a transaction should take."""
    longest_seconds: float
    """How long it may take where a batch costs much by itself (design §2, promise 6: noise comes on top)."""
    most_records: int
    """Records in one batch, at most."""
    least_records: int
    """Records a batch of the direct way looks at, at least: below it pays mostly for itself."""
    first_records: int
    """Records the first batch of the direct way looks at."""
    ledger_place: LedgerPlace
    """Where our tables are unless a setting says otherwise."""
    has_schemas: bool
    ours: set[TableName]
    """Our tables where a setting put them: they are no entities."""
    costs: Costs
    """What deleting costs here, in documented figures."""
    right_of_work_tables: str
    """The privilege that `work_table` takes."""
    holds_while_listing: bool
    """Whether one statement may list and hold records, and lets go of all of them where it fails. InnoDB keeps what it
    met: the search for what somebody else holds then meets our own statement's traces."""
    deletes_by_join: bool
    """Whether records named by another table are found quickly only where that table is joined, not in a subquery."""
    self_cascading_in_levels: bool
    """Whether the database's own cascade is bounded in depth, so that a tree goes leaves first."""

    def engine(self, url: sa.URL) -> sa.Engine:
        """Connections that say who they are, with bounded waits."""
        ...

    def transaction(self, engine: sa.Engine, snapshot: bool = False) -> AbstractContextManager[sa.Connection]:
        """One short transaction with the settings of `spec/databases.md` §1; with `snapshot` repeatable reads."""
        ...

    def reading(
        self, engine: sa.Engine, seconds: float, snapshot: bool = False
    ) -> AbstractContextManager[sa.Connection]:
        """Only reads, each statement so long at most (fault `slow`); `snapshot`: one state, if that locks nothing."""
        ...

    def between(self, engine: sa.Engine) -> None:
        """What is done after a batch rather than within one, where somebody else would wait for it."""
        ...

    def fault(self, error: BaseException) -> Fault:
        """What an error means."""
        ...

    def is_alive(self, connection: sa.Connection) -> bool:
        """Whether the transaction still lives after an error."""
        ...

    def savepoint(self, connection: sa.Connection) -> AbstractContextManager[Any]:
        """A savepoint: rolled back to where the block raises."""
        ...

    def now(self) -> sa.ColumnElement[datetime.datetime]:
        """The database's clock."""
        ...

    def read_clock(self, value: Any) -> datetime.datetime:
        """What `now` gave, as an instant in UTC."""
        ...

    def tables(self, connection: sa.Connection) -> Schema:
        """What the database says of its tables."""
        ...

    def check(self, connection: sa.Connection, entity: Entity, tree: QueryTree, where: Truth) -> list[str]:
        """Try what the deletion will need, changing nothing. Raises InvalidJobError; the result are cautions.

        `tree` is the query, or one without conditions for an entity that a cascade merely reaches.
        """
        ...

    def walk(self, connection: sa.Connection, entity: Entity, where: Truth) -> Walk:
        """How to walk the entity, by the database's own estimate."""
        ...

    def span(
        self, connection: sa.Connection, entity: Entity, walk: Mapping[str, Any], unit: int, position: Any, size: int
    ) -> Span:
        """The next batch of a unit, from a position on, of about `size` records."""
        ...

    def reserve(self, connection: sa.Connection, entities: Sequence[Entity]) -> None:
        """Wait, before any record is tried, for whoever holds a whole table; the fault is of kind `locked`."""
        ...

    def lock_rows(
        self,
        select: AnySelect,
        skip_locked: bool = False,
        of: sa.FromClause | None = None,
        keeps_key: bool = False,
        at_once: bool = False,
    ) -> AnySelect:
        """The same rows (`of` one table), held until the transaction ends; `keeps_key`: others may go on to refer to
        them, where the database tells that apart; `at_once`: or refused without any wait."""
        ...

    def led_join(self, first: sa.FromClause, second: sa.FromClause, on: Truth) -> sa.Join:
        """Two tables joined, each record of the second found from the first: a database that reads all of them to
        lock some would wait for what others hold, though it is none of ours."""
        ...

    def hold_listed(self, select: AnySelect) -> AnySelect:
        """The same aggregate over records that the next statement deletes: it must find the same ones."""
        ...

    def record_type(self) -> sa.types.TypeEngine[str]:
        """The type of a key as text in our own tables: different keys must differ."""
        ...

    def extent(self, connection: sa.Connection, entity: Entity) -> Extent:
        """How much room the entity takes, without reading it."""
        ...

    def holders(self, connection: sa.Connection, entity: Entity) -> str:
        """Who may hold records of the entity, in words; empty where the database does not tell."""
        ...

    def key_type(self, entity: Entity, column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
        """The type of a key in a work table: there it compares as in the entity."""
        ...

    def prefer_indexes(self, connection: sa.Connection, all_indexed: bool) -> None:
        """Reach a batch's few records by index, however large the tables; `all_indexed`: every reference has one."""
        ...

    def key_text(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[str]:
        """A record's key as one text: as the database prints it, composite ones as a JSON list."""
        ...

    def key_equals(self, entity: Entity, record: sa.ColumnElement[str]) -> Truth:
        """Whether a record's key is the one that `key_text` spelled; by the key's index."""
        ...

    def packed(self, kind: KeyKind, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        """An aggregate of many keys in one value, made by the database."""
        ...

    def unpacked(self, kind: KeyKind, value: Any, count: int) -> RecordIds:
        """What `packed` gave, as record ids. Raises PackError where it does not hold `count` ids."""
        ...

    def work_table(self, connection: sa.Connection, name: str, columns: Sequence[sa.Column[Any]]) -> sa.Table:
        """An empty table of this transaction's own."""
        ...

    def size(self, connection: sa.Connection, entity: Entity) -> int:
        """About how many records the entity has, without counting them."""
        ...

    def may_create(self, connection: sa.Connection, schema: str | None, is_there: bool) -> bool | None:
        """Whether this user may make tables in the schema, or the schema itself; None: that cannot be told."""
        ...

    def granted(self, connection: sa.Connection, tables: Sequence[sa.Table]) -> list[str]:
        """The statements by which an owner lets this very user use our tables."""
        ...

    def quoted(self, name: str) -> str:
        """A name as SQL needs it."""
        ...

    def give_back(self, table: str) -> str:
        """The statement that gives the room of deleted records back; the name is quoted."""
        ...

    def create_index(self, table: str, columns: str, name: str) -> str:
        """The statement that makes an index while others go on working; all names are quoted."""
        ...

    def restricted(self, relationship: Relationship) -> tuple[str, str]:
        """The code and text the database gives where this relationship holds a record back."""
        ...

    def self_restricting_in_levels(self, relationship: Relationship) -> bool:
        """Whether one statement cannot delete a record and one of the same table that refers to it."""
        ...
