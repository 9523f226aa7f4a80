"""The proof: what bulkdelete tells, held against what the database's own triggers saw."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.concurrency.schema import ABOVE, BOUND, PARENTS, ROOTS
from tests.concurrency.worlds import World, instant
from tests.faults.accounts import Told, assert_counts

Record = tuple[str, int]


@dataclass(frozen=True)
class Deed:
    """One row of the audit: what was done to which record, by whom, and what the record looked like."""

    what: str
    record: Record
    who: str
    grp: int | None
    parent: int | None
    createdon: datetime.datetime | None
    noted: datetime.datetime

    def matches(self, cut_off: datetime.datetime) -> bool:
        """Whether the job asked for it, as it was when it went."""
        return self.grp is not None and self.createdon is not None and self.grp < BOUND and self.createdon < cut_off


def deeds(world: World) -> list[Deed]:
    """All of the audit."""
    return [
        Deed(what, (entity, int(key)), who, grp, parent, created and instant(created), instant(noted))
        for what, entity, key, who, grp, parent, created, noted in world.rows.ask("SELECT * FROM audit")
    ]


@dataclass
class Proof:
    """One operation that has ended, after the writers have stopped."""

    world: World
    told: Told

    def __post_init__(self) -> None:
        every = deeds(self.world)
        self.after = self.world.keys()
        self.every = every
        self.mine = [one for one in every if one.who == "run" and one.what == "deleted"]
        self.deleted = {one.record for one in self.mine} | self.unseen()
        self.cascaded = {record_of(one) for one in self.told.deleted if one["cascaded"]}
        self.cut_off = self.world.cut_off(self.told.summary["operation_id"])

    def unseen(self) -> set[Record]:
        """Told, gone, and not seen to go: MariaDB's own cascade fires no trigger, here down a tree of nodes."""
        seen = {one.record for one in self.every if one.what in {"deleted", "renamed"}}
        told = {record_of(one) for one in self.told.deleted} if self.world.rows.name == "mariadb" else set[Record]()
        return {one for one in told - seen if one[0] == "node" and one[1] not in self.after["node"]}

    def hold(self) -> None:
        """Everything that must be true."""
        self.assert_audit_is_complete()
        self.assert_told_is_what_the_run_deleted()
        self.assert_only_what_was_asked()
        self.assert_failures_are_there_or_taken_by_others()
        self.assert_nothing_was_forgotten()
        self.assert_links()
        assert_counts(self.told)

    def assert_audit_is_complete(self) -> None:
        """Every record that was there and is gone was seen to go."""
        seen = {one.record for one in self.every if one.what in {"deleted", "renamed"}}
        gone = {(table, key) for table, keys in self.world.before.items() for key in keys - self.after[table]}
        lost = gone - seen - self.unseen()
        assert not lost, f"gone, and no trigger saw it: {some(lost)}"
        assert not [one for one in self.mine if one.record[1] in self.after[one.record[0]]], "seen to go, and there"

    def assert_told_is_what_the_run_deleted(self) -> None:
        """Not what the writers deleted, each once."""
        told = Counter(record_of(one) for one in self.told.deleted)
        did = Counter([one.record for one in self.mine] + list(self.unseen()))
        assert not [one for one, times in told.items() if times > 1], "told twice"
        assert not [one for one, times in did.items() if times > 1], "deleted twice"
        assert not did.keys() - told.keys(), f"deleted, not told: {some(did.keys() - told.keys())}"
        extra = told.keys() - did.keys()
        assert not extra, f"told, not deleted: {some(extra)}"

    def assert_only_what_was_asked(self) -> None:
        """As the deleting statement saw them: the roots matched and are old, the rest belonged to one that went."""
        assert self.world.began <= self.cut_off <= min(one.noted for one in self.mine) + datetime.timedelta(seconds=1)
        wrong = [one for one in self.mine if one.record not in self.cascaded and not one.matches(self.cut_off)]
        assert not wrong, f"{len(wrong)} deleted that did not match: {wrong[:5]}"
        below = [one for one in self.mine if one.record in self.cascaded]
        assert not [one for one in below if one.record[0] not in ABOVE], "went along with nothing"
        orphans = [one for one in below if (ABOVE[one.record[0]], one.parent) not in self.deleted]
        assert not orphans, f"{len(orphans)} went along with what stayed: {orphans[:5]}"
        asked = [one for one in below if one.matches(self.cut_off)]
        assert not asked, f"{len(asked)} told as taken along, though asked for: {asked[:5]}"

    def assert_failures_are_there_or_taken_by_others(self) -> None:
        """Told once, never deleted by the run."""
        failed = Counter(record_of(one) for one in self.told.failures)
        assert not [one for one, times in failed.items() if times > 1], "failed twice"
        assert {entity for entity, _ in failed} <= set(ROOTS)
        assert not failed.keys() & self.deleted, "told as failed, and deleted by the run"
        taken = {one.record for one in self.every if one.who == "writer" and one.what in {"deleted", "renamed"}}
        lost = [one for one in failed if one[1] not in self.after[one[0]] and one not in taken]
        assert not lost, f"failed, and yet nobody took it: {lost[:5]}"

    def assert_nothing_was_forgotten(self) -> None:
        """What matched all the time, and no writer ever touched, is gone or has failed."""
        failed = {record_of(one) for one in self.told.failures}
        left = {(table, key) for table in ROOTS for key in self.world.untouched(table)}
        assert not left - failed, f"{len(left - failed)} left without a word: {some(left - failed)}"

    def assert_links(self) -> None:
        """The links that the run cleared are counted, and none leads to what is gone."""
        cleared = Counter(one.record[0] for one in self.every if one.who == "run" and one.what == "unlinked")
        assert {entity: count for entity, count in self.told.summary["unlinked"].items() if count} == dict(cleared)
        for table, column in PARENTS.items():
            above = "node" if table == "node" else "box"
            missing = f"SELECT id FROM {table} c WHERE c.{column} IS NOT NULL AND NOT EXISTS "
            assert not self.world.ids(f"{missing} (SELECT 1 FROM {above} p WHERE p.id = c.{column})"), "orphans"

    def figures(self) -> str:
        """What happened, in a line."""
        others = Counter(one.what for one in self.every if one.who == "writer")
        reasons = Counter(one["error_number"] for one in self.told.failures)
        vanished = sum(one["vanished"] for one in self.told.summary["queries"])
        return (
            f"run deleted {len(self.deleted)} ({len(self.cascaded)} along), writers {dict(others)}, "
            f"failures {dict(reasons)}, vanished {vanished}, {self.told.summary['duration_seconds']} s"
        )


def record_of(told: dict[str, Any]) -> Record:
    """A told record as the audit names it."""
    return str(told["entity"]), int(told["record_id"])


def some(records: Any) -> list[Record]:
    """A few of many."""
    return sorted(records)[:8]
