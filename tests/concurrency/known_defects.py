"""What bulkdelete is known to do wrong beside writers: the one place by which a race lets it pass. Nothing else passes.

Each is held by a strict xfail in `test_moved.py` or `test_released.py`: when that passes, take it out of KNOWN.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.faults.accounts import Told

if TYPE_CHECKING:
    from tests.concurrency.proof import Deed, Record

MOVED = "a cascaded record that leaves its parent between the look and the lock is deleted all the same"
TAKEN = "a cascaded record that somebody takes between the look and the lock is told as the run's"
SETTLED = "the views go on showing a failure that was settled by the very batch that met it"
KNOWN: Set[str] = {MOVED, TAKEN, SETTLED}


def without_moved(orphans: Iterable[Deed], every: Iterable[Deed]) -> list[Deed]:
    """Records that went along with what stayed, but for those that a writer had moved there."""
    moved = {one.record for one in every if one.who == "writer" and one.what == "moved"} if MOVED in KNOWN else set()
    return [one for one in orphans if one.record not in moved]


def without_taken(records: Set[Record], cascaded: Set[Record], every: Iterable[Deed]) -> Set[Record]:
    """Records told and not deleted by the run, but for cascaded ones that a writer took."""
    if TAKEN not in KNOWN:
        return records
    taken = {one.record for one in every if one.who == "writer" and one.what in {"deleted", "renamed"}}
    return records - (taken & cascaded)


def without_settled(told: Told, deleted: Set[Record]) -> Told:
    """What was told, but for failures of nodes that the run deleted, with the node above them, in the same batch."""
    if SETTLED not in KNOWN:
        return told
    still = [one for one in told.failures if one["entity"] != "node" or ("node", int(one["record_id"])) not in deleted]
    return replace(told, failures=still)
