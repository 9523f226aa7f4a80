"""Job: what is asked for. The model of a job file and of a command's `job`."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from bulkdelete.domain.declarations import LARGEST_CATALOGUE, NOTHING, Declarations
from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.guards import NO_GUARDS, Guards
from bulkdelete.domain.instants import DEFAULT_ZONE, as_naming_of_an_instant, has_zone, in_utc, refuse_naive
from bulkdelete.domain.ledger_place import Ledger
from bulkdelete.domain.meaning import Meaning
from bulkdelete.domain.query.expression import QueryExpression
from bulkdelete.domain.query.notation import item_of
from bulkdelete.domain.query.tree import QueryTree
from bulkdelete.domain.query.values import refused
from bulkdelete.domain.query.words import said
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.refusals import refusal

LARGEST_JOB = 512 * 1024
"""Bytes of a job as JSON; it must fit a message of 768 KiB with room to spare."""


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
    later = {*Meaning.model_fields, "start_at", "rate"}
    kept = {name: value for name, value in job.items() if value is not None or name not in later}
    guards = with_guards(kept)
    return {**kept, "queries": said(kept["queries"]), **guards}


GUARDS = ("guards", "service_guards")


def with_guards(job: dict[str, Any]) -> dict[str, Any]:
    """The guards of a job as plain data, as far as they say anything; takes them out of the job."""
    every = {name: Guards.model_validate(job.pop(name)).to_json() for name in GUARDS if name in job}
    return {name: said for name, said in every.items() if said}


class Job(Meaning):
    """What is asked for: a name, the ordered queries (the query set), the options."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    largest: ClassVar[int] = LARGEST_JOB

    name: Annotated[str, Field(min_length=1, max_length=256, strict=True), BeforeValidator(one_line)]
    queries: Annotated[
        tuple[Annotated[QueryExpression, BeforeValidator(as_expression)], ...],
        Field(min_length=1, max_length=100, strict=False),
    ]
    database: Annotated[str | None, Field(max_length=255, strict=True), BeforeValidator(as_database)] = None
    start_at: Annotated[datetime | None, BeforeValidator(lambda one: one and as_naming_of_an_instant(one))] = None
    """Nothing is done before; without an offset a local time in `time_zone`."""
    rate: Rate | None = None
    """Records per second at most; it can be changed while the operation runs."""
    options: Options = Options()
    guards: Guards = NO_GUARDS

    @property
    def all_guards(self) -> Guards:
        """The guards that hold: its own, and the service's where it is submitted to one."""
        return self.guards

    @model_validator(mode="after")
    def start_is_an_instant(self) -> Self:
        """A local time needs a time zone that somebody named."""
        if self.start_at and not has_zone(self.start_at) and self.time_zone is None:
            refuse_naive("Job", "start_at", self.start_at)
        return self

    @property
    def starts_at(self) -> datetime | None:
        """The instant before which nothing is done, in UTC."""
        return in_utc(self.start_at, self.time_zone or DEFAULT_ZONE) if self.start_at else None

    @property
    def declared(self) -> Declarations:
        """What a catalogue says of the entities, beyond what the database says itself."""
        return NOTHING

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


class GovernedJob(Job):
    """A job with the catalogue and the ledger's place that its operation began with.

    It is what events keep, and what is held against the fence. Nobody submits one: an operator configures both.
    """

    largest: ClassVar[int] = LARGEST_JOB + LARGEST_CATALOGUE

    catalogue: Declarations = NOTHING
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
        more = {"catalogue": self.catalogue.to_json()} if self.catalogue != NOTHING else {}
        return {**bare, **more} | ({"ledger": self.ledger} if self.ledger else {})
