"""What is to be done in a target database: one message a piece of work, on the topic `work`.

No message carries a predicate: who does the work reads the job from the event store, and holds its digest
against the fence. `epoch` counts the operation's starts and resumes; work of an older epoch does nothing.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Work(BaseModel):
    """Something to do in a target database, any number of times, with one effect."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation_id: UUID
    epoch: Annotated[int, Field(ge=1)]

    @property
    def key(self) -> str:
        """What spreads work over workers."""
        return str(self.operation_id)


class OpenFence(Work):
    """Allow the operation to run at this epoch, and read the cut-off."""

    type: Literal["OpenFence"] = "OpenFence"


class PlanQuery(Work):
    """Decide how to walk the entity of one query, for one pass."""

    type: Literal["PlanQuery"] = "PlanQuery"
    query_index: int
    number: Annotated[int, Field(ge=1)]
    """The pass: 1 is the first walk, the next ones sweep."""
    retry: bool = False
    """The pass that tries the retryable failures once more."""


class DeleteBatch(Work):
    """Delete the records of one unit of the plan, from one of its batches on."""

    type: Literal["DeleteBatch"] = "DeleteBatch"
    query_index: int
    unit: Annotated[int, Field(ge=0)]
    """Counted over the whole operation."""
    batch: Annotated[int, Field(ge=0)]
    """Counted within the unit."""
    position: Any = None
    """Where that batch begins; None: at the unit's beginning."""
    allowance: Annotated[int | None, Field(ge=0)] = None
    """Records that may be deleted by this work at most, where a guard bounds them; 0: only see whether any is left."""
    most: Annotated[int, Field(ge=1)] | None = None
    """A rate grants that one batch of about so many records; None: batch after batch, as large as they go."""

    @property
    def key(self) -> str:
        """Units of one operation spread over the workers."""
        return f"{self.operation_id}/{self.unit}"


class CloseFence(Work):
    """Let nothing more be deleted, and say what the ledger proves beyond what is recorded."""

    type: Literal["CloseFence"] = "CloseFence"
    state: Literal["paused", "canceled", "ended"]


class ClearLedger(Work):
    """Remove the operation's ledger rows: everything they prove is recorded."""

    type: Literal["ClearLedger"] = "ClearLedger"


AnyWork = OpenFence | PlanQuery | DeleteBatch | CloseFence | ClearLedger
WORK: TypeAdapter[AnyWork] = TypeAdapter(Annotated[AnyWork, Field(discriminator="type")])
