"""Exact accounting: what the log says, held against what happened in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.service.state import State
from tests.faults.commands import Shell
from tests.faults.rows import Rows, Snapshot
from tests.faults.worlds import World


@dataclass(frozen=True)
class Told:
    """What bulkdelete tells of one operation."""

    summary: dict[str, Any]
    deleted: list[dict[str, Any]]
    failures: list[dict[str, Any]]


def told_by_commands(shell: Shell, operation_id: str) -> Told:
    """As the commands print it."""
    return Told(
        shell.answer("status", operation_id), shell.answer("deleted", operation_id),
        shell.answer("failures", operation_id),
    )  # fmt: skip


def told_by_views(shell: Shell, operation_id: str) -> Told:
    """As their Python twins tell it, in this process."""
    state = State(shell.state)
    with state.application() as application, open_views(ViewFiles.beside(state.views), application) as reads:
        return Told(
            reads.status(operation_id).to_json(),
            [one.to_json() for one in reads.deleted(operation_id)],
            [one.to_json() for one in reads.failures(operation_id)],
        )


def assert_exact(world: World, told: Told, *, finished: bool = True, known: Snapshot | None = None) -> None:
    """Every record is accounted for, once, and nothing else changed. `known`: what there was when it began."""
    after = world.rows.snapshot()
    before = known or world.before
    assert_ids(before, after, told)
    assert_counts(told)
    assert_untouched(before, after)
    gone = set(before["item"]) - set(after["item"])
    matching, failing = texts(world.matching), texts(world.failing)
    assert gone <= matching - failing
    assert {one["record_id"] for one in told.failures} <= failing
    if finished:
        assert gone == matching - failing
        assert {one["record_id"] for one in told.failures} == failing
        assert not after["log"]
        assert [one["matched"] for one in told.summary["queries"]] == [
            len(matching), *([world.logs] if world.logs else [])
        ]  # fmt: skip


def assert_ids(before: Snapshot, after: Snapshot, told: Told) -> None:
    """The ids of the log are the difference of the database, cascaded records too; none twice."""
    listed = Counter((one["entity"], one["record_id"]) for one in told.deleted)
    assert not [one for one, times in listed.items() if times > 1], "told as deleted more than once"
    assert {table: set(before[table]) - set(after[table]) for table in before} == {
        table: {record for entity, record in listed if entity == table} for table in before
    }
    assert {one["entity"] for one in told.deleted if one["cascaded"]} <= {"part"}
    failed = Counter((one["entity"], one["record_id"]) for one in told.failures)
    assert not [one for one, times in failed.items() if times > 1], "told as failed more than once"
    assert all(record in after[entity] for entity, record in failed), "told as failed, and gone"


def assert_counts(told: Told) -> None:
    """The counts of the summary are those of the lists."""
    summary = told.summary
    direct = [one for one in told.deleted if not one["cascaded"]]
    assert summary["deleted"] == len(direct)
    assert summary["failed"] == len(told.failures)
    cascaded = Counter(one["entity"] for one in told.deleted if one["cascaded"])
    assert {entity: count for entity, count in summary["cascaded"].items() if count} == dict(cascaded)
    for index, query in enumerate(summary["queries"]):
        assert query["matched"] == query["deleted"] + query["failed"] + query["vanished"]
        assert query["deleted"] == sum(one["query_index"] == index for one in direct)
        assert query["failed"] == sum(one["query_index"] == index for one in told.failures)


def assert_untouched(before: Snapshot, after: Snapshot) -> None:
    """What is left is as it was, but for links to what is gone; nothing came."""
    for table, rows in after.items():
        assert rows.keys() <= before[table].keys(), f"records came into {table}"
        for key, row in rows.items():
            was = before[table][key]
            if table == "link" and str(was[1]) not in after["item"]:
                was = (was[0], None)
            assert row == was, f"{table} {key} changed"


def assert_unlinked(before: Snapshot, rows: Rows, told: Told) -> None:
    """The links that were cut are counted."""
    cut = sum(row[1] is None and before["link"][key][1] is not None for key, row in rows.snapshot()["link"].items())
    assert sum(told.summary["unlinked"].values()) == cut


def texts(numbers: Iterable[int]) -> set[str]:
    """Keys as the audit gives them."""
    return {str(one) for one in numbers}
