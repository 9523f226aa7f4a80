"""The fence: the target's own word on whether an operation may go on."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bulkdelete.domain.errors import TargetChangedError
from bulkdelete.domain.job import Job
from bulkdelete.records.dialect import Dialect
from bulkdelete.records.ledger import Ledger


@dataclass(frozen=True)
class FenceRow:
    """What the target says of an operation."""

    digest: str
    epoch: int
    state: str
    cut_off: datetime.datetime

    def allows(self, digest: str, epoch: int) -> bool:
        """Whether records may be deleted for this job at this epoch."""
        return self.state == "running" and self.epoch == epoch and self.digest == digest


def fence_row(row: sa.Row[*tuple[Any, ...]]) -> FenceRow:
    """A row of the fence as what it says."""
    return FenceRow(row.digest, row.epoch, row.state, datetime.datetime.fromisoformat(row.cut_off))


def read_fence(connection: sa.Connection, ledger: Ledger, operation_id: UUID) -> FenceRow | None:
    """What the target says of an operation; None where it does not know it."""
    select = sa.select(ledger.fence).where(ledger.fence.c.operation_id == str(operation_id))
    row = connection.execute(select).one_or_none()
    return None if row is None else fence_row(row)


def open_fence(
    connection: sa.Connection, dialect: Dialect, ledger: Ledger, operation_id: UUID, job: Job, epoch: int
) -> FenceRow:
    """Allow the operation to run at this epoch, unless a later word was said. The cut-off is decided at the first.

    Raises TargetChangedError where the target knows the operation with another job or catalogue, or does not know one
    that began before: it was restored, or is another database.
    """
    row, digest = read_fence(connection, ledger, operation_id), job.digest()
    fence = ledger.fence
    if row is None:
        if epoch > 1:
            raise TargetChangedError(
                f"the target does not know operation {operation_id}, which began before: restored, or another database?"
            )
        cut_off = job.cut_off(dialect.read_clock(connection.execute(sa.select(dialect.now())).scalar_one()))
        row = FenceRow(digest, epoch, "running", cut_off)
        connection.execute(
            sa.insert(fence).values(
                operation_id=str(operation_id), digest=digest, epoch=epoch, state="running", cut_off=cut_off.isoformat()
            )
        )
    elif row.digest != digest:
        raise TargetChangedError(f"the target knows operation {operation_id} with another job or catalogue")
    elif row.epoch < epoch and row.state in {"running", "paused"}:
        mine = (fence.c.operation_id == str(operation_id), fence.c.epoch < epoch)
        connection.execute(sa.update(fence).where(*mine).values(epoch=epoch, state="running"))
        row = FenceRow(digest, epoch, "running", row.cut_off)
    return row


def close_fence(
    connection: sa.Connection, dialect: Dialect, ledger: Ledger, operation_id: UUID, digest: str, epoch: int, state: str
) -> None:
    """Let nothing more be deleted. Waits for the batches already in the database, which hold the row."""
    fence = ledger.fence
    mine = (fence.c.operation_id == str(operation_id), fence.c.digest == digest, fence.c.epoch <= epoch)
    changed = connection.execute(
        sa.update(fence).where(*mine, fence.c.state.in_(["running", "paused", state])).values(epoch=epoch, state=state)
    ).rowcount
    if not changed and read_fence(connection, ledger, operation_id) is None:
        # It never began here: a start that is still on its way must find this.
        cut_off = dialect.read_clock(connection.execute(sa.select(dialect.now())).scalar_one())
        connection.execute(
            sa.insert(fence).values(
                operation_id=str(operation_id), digest=digest, epoch=epoch, state=state, cut_off=cut_off.isoformat()
            )
        )
