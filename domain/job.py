"""Job: what is asked for. The model of a job file and of a command's `job`."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)

from bulkdelete.domain.declarations import LARGEST_CATALOGUE, NOTHING, Declarations
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.guards import NO_GUARDS, Guards
from bulkdelete.domain.ledger_place import Ledger
from bulkdelete.domain.notify import Notify
from bulkdelete.domain.query.expression import QueryExpression
from bulkdelete.domain.query.notation import item_of
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.domain.query.values import refused
from bulkdelete.domain.query.words import said
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.refusals import refusal
from bulkdelete.domain.scheduling.timing import SCHEDULE_WORDS, UNSAID, Timing

LARGEST_JOB = 512 * 1024
"""Bytes of a job as JSON; it must fit a message of 768 KiB with room to spare."""

LONGEST_NAME = 256

Rate = Annotated[float, Field(gt=0, le=1e9, strict=True, allow_inf_nan=False)]
"""Records per second."""


class Options(BaseModel):
    """How to run, where the defaults do not fit."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    created_on: dict[str, str | None] = Field(default_factory=dict)
    """Entity → the attribute that tells when a record was created; null: none."""
    allow_slow: bool = False
    """Go on although the preflight found what would make the run very slow."""
    window: Annotated[int, Field(ge=1, le=64)] = 4
    """Batches of the operation that may be outstanding at once."""


def as_database(value: Any) -> Any:
    """A configured name, never a connection string: a job is stored and shown."""
    if isinstance(value, str) and ("://" in value or "@" in value):
        raise refused("a job names a configured database and never carries a connection string")
    return value


def one_line(value: Any) -> Any:
    """A name is one line of text that can be shown anywhere."""
    if isinstance(value, str) and not value.isprintable():
        raise refused("a name is one line of printable text")
    return value


def as_expression(value: Any, info: ValidationInfo) -> Any:
    """A query written in Python, as FetchXML or as SQL, as its expression; anything else as it is."""
    if isinstance(value, Query):
        return value.expression()
    return item_of(value, (info.context or {}).get("dialect"))


def as_written(job: dict[str, Any]) -> dict[str, Any]:
    """A job as plain data without what it leaves to defaults that came later: its digest stays what it was."""
    unsaid = {name: UNSAID.get(name, (None,)) for name in (*Timing.model_fields, "rate", "notify", "retry_of")}
    kept = {name: value for name, value in job.items() if value not in unsaid.get(name, ())}
    guards = with_guards(kept)
    return {**kept, "queries": said(kept["queries"]), **guards}


GUARDS = ("guards", "service_guards")


def with_guards(job: dict[str, Any]) -> dict[str, Any]:
    """The guards of a job as plain data, as far as they say anything; takes them out of the job."""
    every = {name: Guards.model_validate(job.pop(name)).to_json() for name in GUARDS if name in job}
    return {name: said for name, said in every.items() if said}


class Job(Timing):
    """What is asked for: a name, the ordered queries (the query set), when it runs, the options."""

    largest: ClassVar[int] = LARGEST_JOB

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, strict=True), BeforeValidator(one_line)]
    queries: Annotated[
        tuple[Annotated[QueryExpression, BeforeValidator(as_expression)], ...],
        Field(min_length=1, max_length=100, strict=False),
    ]
    database: Annotated[str | None, Field(max_length=255, strict=True), BeforeValidator(as_database)] = None
    rate: Rate | None = None
    """Records per second at most; it can be changed while the operation runs."""
    options: Options = Options()
    notify: Notify | None = None
    guards: Guards = NO_GUARDS

    @property
    def all_guards(self) -> Guards:
        """The guards that hold: its own, and the service's where it is submitted to one."""
        return self.guards

    @property
    def declared(self) -> Declarations:
        """What a catalogue says of the entities, beyond what the database says itself."""
        return NOTHING

    def once(self) -> Self:
        """The job of one occurrence: without what says when there is one."""
        return self.read({name: value for name, value in self.to_json().items() if name not in SCHEDULE_WORDS})

    @property
    def ledger_place(self) -> str | None:
        """Where the operation keeps its ledger; None: the default of its database."""
        return None

    def under(self, catalogue: Declarations, ledger: str | None = None, guards: Guards = NO_GUARDS) -> GovernedJob:
        """The same job under a catalogue and the guards of a service, with the place of its ledger."""
        governed = {"catalogue": catalogue.to_json(), "ledger": ledger, "service_guards": guards.to_json()}
        return GovernedJob.read({**self.to_json(), "queries": self.queries, **governed})

    @classmethod
    def read(cls, value: object, dialect: str | None = None) -> Self:
        """The job that plain data describe. Raises InvalidJobError, which names the path and what is accepted.

        `dialect` is that of the target, where it is known: SQL is read in it.
        """
        try:
            job = cls.model_validate(value, context={"dialect": dialect})
        except ValidationError as error:
            raise refusal(error) from None
        try:
            size = len(job.canonical().encode())
        except UnicodeEncodeError:
            raise InvalidJobError("a text with half a character (a lone surrogate) cannot be kept", "job") from None
        if size > cls.largest:
            raise InvalidJobError(f"{size:,} bytes as JSON; at most {cls.largest:,} are taken", "job")
        return job

    def to_json(self) -> dict[str, Any]:
        """The job as plain data, as events carry it; `read` takes it back."""
        return as_written(self.model_dump(mode="json", by_alias=True))

    def canonical(self) -> str:
        """The job as one JSON text that is the same for the same job."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def digest(self) -> str:
        """SHA-256 of the canonical text, in hex: what the fence holds against a message for another job."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def trees(self) -> list[QueryTree]:
        """The queries as syntax trees, in the order of the job."""
        return [query.tree(f"queries[{index}]") for index, query in enumerate(self.queries)]


class RetryOf(BaseModel):
    """The limit of an operation that retries the failures of another one: those records, and its cut-off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation_id: UUID
    causes: tuple[str, ...] = ()
    """Error numbers, constraints or blocking entities; none: all failures."""
    cut_off: AwareDatetime


class GovernedJob(Job):
    """A job with the catalogue, the ledger's place, and the limit of a retry, that its operation began with.

    It is what events keep, and what is held against the fence. Nobody submits one: an operator configures the first
    two, and the limit of a retry is the log's.
    """

    largest: ClassVar[int] = LARGEST_JOB + LARGEST_CATALOGUE

    catalogue: Declarations = NOTHING
    retry_of: RetryOf | None = None
    ledger: Ledger | None = None
    service_guards: Guards = NO_GUARDS

    @property
    def all_guards(self) -> Guards:
        """Its own, and those of the service that it was submitted to."""
        return self.guards.and_those(self.service_guards)

    @property
    def ledger_place(self) -> str | None:
        """As it was set when the operation began."""
        return self.ledger

    @property
    def declared(self) -> Declarations:
        """What the catalogue says of the entities."""
        return self.catalogue

    def to_json(self) -> dict[str, Any]:
        """The job as plain data; what is not set is left out, as if there were no such thing."""
        bare = as_written(self.model_dump(mode="json", by_alias=True, exclude={"catalogue", "ledger"}))
        under = {"catalogue": self.catalogue.to_json()} if self.catalogue != NOTHING else {}
        return {**bare, **under} | ({"ledger": self.ledger} if self.ledger else {})

    def cut_off(self, clock: datetime) -> datetime:
        """The run's cut-off: of a retry that of the run whose failures it retries."""
        return super().cut_off(clock) if self.retry_of is None else self.retry_of.cut_off

    def retrying(self, operation_id: UUID, causes: tuple[str, ...], cut_off: AwareDatetime) -> GovernedJob:
        """The same job for those records alone that failed in an operation, for one of these causes (none: any)."""
        base = self.name
        if self.retry_of is not None:
            base = base.removesuffix(told_of_retry(self.retry_of.operation_id))
        told = told_of_retry(operation_id)
        limit = {"operation_id": str(operation_id), "causes": list(causes), "cut_off": cut_off.isoformat()}
        return self.read({**self.once().to_json(), "name": base[: LONGEST_NAME - len(told)] + told, "retry_of": limit})


def told_of_retry(operation_id: UUID) -> str:
    """What the name of a retry ends with."""
    return f" (retry of {str(operation_id)[:8]})"
