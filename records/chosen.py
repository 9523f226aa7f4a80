"""Chosen: the records that a query meant when it was planned, noted in our own table.

Where deleting some records would make others match (a leaf's parent becomes a leaf, a link is cleared), or only the
first so many are meant, what a query means is settled once, before the first of them goes. Each of them must still
match when its turn comes.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bulkdelete.domain.errors import TargetChangedError, UnavailableError
from bulkdelete.records.conditions.orders import ordered
from bulkdelete.records.dialect import AnySelect, Dialect
from bulkdelete.records.effort import FencedError
from bulkdelete.records.fence import fence_row
from bulkdelete.records.keyset import beyond, plain
from bulkdelete.records.ledger import Ledger
from bulkdelete.records.scope import Run

PIECE = 5_000
"""Records noted in one transaction."""
LONGEST = 60.0
"""Seconds after which others have their turn; the rest is noted when it is planned again."""


@dataclass(frozen=True)
class Choosing:
    """Notes the records of a query, piece by piece; begun again it goes on where it stopped."""

    engine: sa.Engine
    dialect: Dialect
    ledger: Ledger

    def choose(self, run: Run, query_index: int) -> None:
        """Note them all. Raises FencedError, TargetChangedError, the database's errors; UnavailableError: later."""
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            with self.dialect.transaction(self.engine) as connection:
                if self.piece(connection, run, query_index):
                    return
        raise UnavailableError("the records that the query means are still being noted, before the first of them goes")

    def piece(self, connection: sa.Connection, run: Run, query_index: int) -> bool:
        """Note some of them; whether that were all. The fence is held: nobody else notes them at the same time."""
        self.hold_fence(connection, run)
        mark = self.ledger.ledger.c
        mine = (mark.operation_id == run.id, mark.unit == -1 - query_index, mark.batch == 0)
        known = connection.execute(sa.select(mark.outcome).where(*mine)).scalar()
        state: dict[str, Any] = json.loads(known) if known else {"following": None, "done": False}
        if state["done"]:
            return True
        texts, following = self.next_records(connection, run, query_index, state["following"])
        if texts:
            rows = [{"operation_id": run.id, "query_index": query_index, "record": text} for text in texts]
            connection.execute(sa.insert(self.ledger.chosen), rows)
        outcome = json.dumps({"following": following, "done": following is None})
        if known is None:
            row = {"operation_id": run.id, "unit": -1 - query_index, "batch": 0, "epoch": run.epoch}
            connection.execute(sa.insert(self.ledger.ledger).values(**row, outcome=outcome))
        else:
            connection.execute(sa.update(self.ledger.ledger).where(*mine).values(outcome=outcome))
        return following is None

    def hold_fence(self, connection: sa.Connection, run: Run) -> None:
        """See that the operation may go on, and let nobody else plan it meanwhile."""
        fence = self.ledger.fence
        row = connection.execute(sa.select(fence).where(fence.c.operation_id == run.id).with_for_update()).one_or_none()
        if row is None:
            raise TargetChangedError(f"the target does not know operation {run.operation_id} any more")
        said = fence_row(row)
        if not said.allows(run.digest, run.epoch):
            raise FencedError(f"the fence is {said.state} at epoch {said.epoch}")

    def next_records(
        self, connection: sa.Connection, run: Run, query_index: int, position: list[Any] | None
    ) -> tuple[list[str], list[Any] | None]:
        """The keys of the next records, as text, and where those after them begin; None: there are none."""
        entity, tree = run.scope.entity(query_index), run.scope.tree(query_index)
        where = run.scope.where(query_index, entity, run.cut_off)
        columns = entity.key_columns
        found: AnySelect = sa.select(self.dialect.key_text(columns), *columns).where(where)
        if tree.top is not None:
            first = found.order_by(*ordered(tree, entity, self.dialect, run.scope.terms(run.cut_off)), *columns)
            return [row[0] for row in connection.execute(first.limit(tree.top))], None
        if position is not None:
            found = found.where(beyond(columns, position, spelled_out=True))
        rows = connection.execute(found.order_by(*columns).limit(PIECE + 1)).all()
        following = [plain(value) for value in rows[PIECE][1:]] if len(rows) > PIECE else None
        return [row[0] for row in rows[:PIECE]], following
