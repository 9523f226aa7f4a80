"""Why records could not be deleted."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bulkdelete.domain.record_ids import RecordIds


class PackedIds(BaseModel):
    """Packed record ids in a message: kind, how many, and the data (see `record_ids`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(pattern="^(int8|uuid|text|composite)$")
    count: int = Field(ge=0)
    data: str | list[Any]

    @classmethod
    def of(cls, ids: RecordIds) -> PackedIds:
        """The message form of packed ids."""
        return cls(kind=ids.kind, count=ids.count, data=ids.data)

    def ids(self) -> RecordIds:
        """The ids themselves."""
        return RecordIds.from_json(self.model_dump())


class Cause(BaseModel):
    """One reason, once, with every record it held back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entity: str
    error_number: str
    """The database's own code: SQLSTATE, MariaDB's number, SQLite's extended code; or one of ours in words."""
    error_description: str
    constraint: str | None = None
    blocking_entity: str | None = None
    retryable: bool = False
    """Whether another attempt, later in the run, may pass (a lock, a restricting record that goes as well)."""
    records: PackedIds
    blocking_counts: list[int] = []
    """How many records of the blocking entity hold each back, in the order of `records`; 0, or none: not known."""
    blocking_samples: list[list[Any]] = []
    """The ids of some of them, a list a record."""
