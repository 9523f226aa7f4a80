"""What became of work in a target database: the messages on the topic `outcomes`."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from bulkdelete.domain.failures import Cause, PackedIds


class Outcome(BaseModel):
    """What became of a piece of work; delivered twice it is recorded once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation_id: UUID
    epoch: int

    @property
    def key(self) -> str:
        """One operation's outcomes stay in order."""
        return str(self.operation_id)


class FenceOpened(Outcome):
    """The operation may run at this epoch."""

    type: Literal["FenceOpened"] = "FenceOpened"
    cut_off: AwareDatetime
    """The first start, by the target database's clock; the same at every epoch."""
    order: list[int]
    """The queries in the order they run."""
    entities: list[str] = []
    """The entity of each query by the database's own name; empty: as the job spells them."""


class QueryPlanned(Outcome):
    """How one query's entity is walked in one pass."""

    type: Literal["QueryPlanned"] = "QueryPlanned"
    query_index: int
    number: int
    retry: bool = False
    walk: dict[str, Any]
    """The kind of walk and what it needs: fixed, so that a unit is the same range for every runner."""
    units: int
    """How many units; 0: nothing matches any more."""
    estimated: int
    """Records, by the database's own estimate or count."""
    bounded: bool
    """Whether the entity tells which records were there at the start (created-on)."""


class GoneRecords(BaseModel):
    """Records of one entity that are gone: the ones that matched, or the ones a cascade took along."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entity: str
    cascaded: bool
    records: PackedIds


class BatchDone(Outcome):
    """What one transaction did, or one part of it where it is too large for one message."""

    type: Literal["BatchDone"] = "BatchDone"
    query_index: int
    unit: int
    batch: int
    part: int = 0
    parts: int = 1
    deleted: list[GoneRecords] = []
    failures: list[Cause] = []
    cleared: list[PackedIds] = []
    """Records that failed before and are settled now: deleted, or vanished."""
    vanished: int = 0
    unlinked: dict[str, int] = {}
    """Entity → how many of its records lost their link."""
    deleted_at: AwareDatetime
    """The database's clock."""
    duration: float = 0.0
    """Seconds in the database."""
    position: Any = None
    """Where the next batch of the unit begins; None with `finished`."""
    finished: bool
    """Whether the unit is walked to its end."""


class UnitReleased(Outcome):
    """The worker stops before the unit's end; somebody else may go on from there."""

    type: Literal["UnitReleased"] = "UnitReleased"
    unit: int
    batch: int
    position: Any = None


class WorkReturned(Outcome):
    """The work could not be done now: what it needs is away. It will be issued again."""

    type: Literal["WorkReturned"] = "WorkReturned"
    reason: str


class WorkDeferred(Outcome):
    """The work was not done, since the database suffers: nothing is away. It will be issued again."""

    type: Literal["WorkDeferred"] = "WorkDeferred"
    cause: str
    """One word or two that stay the same as long as it is the same."""
    reason: str


class WorkRefused(Outcome):
    """The work can never be done: the job does not fit the database, or the fence knows another operation."""

    type: Literal["WorkRefused"] = "WorkRefused"
    reason: str
    field: str | None = None


class FenceClosed(Outcome):
    """Nothing more will be deleted at this epoch, by anyone."""

    type: Literal["FenceClosed"] = "FenceClosed"
    state: Literal["paused", "canceled", "ended"]


AnyOutcome = (
    FenceOpened | QueryPlanned | BatchDone | UnitReleased | WorkReturned | WorkDeferred | WorkRefused | FenceClosed
)
OUTCOMES: TypeAdapter[AnyOutcome] = TypeAdapter(Annotated[AnyOutcome, Field(discriminator="type")])
