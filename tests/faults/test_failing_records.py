"""Jobs in which none, a few or half of the records fail: every one is told, with its reason, and the rest is gone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.accounts import assert_exact, assert_unlinked, told_by_commands
from tests.faults.commands import Shell
from tests.faults.rows import Rows
from tests.faults.worlds import World

NONE, SOME = 0, 1


@pytest.mark.parametrize("how", ["restrict", "trigger"])
@pytest.mark.parametrize("percent", [0, 1, 50])
def test_every_failing_record_is_told(rows: Rows, shell: Shell, how: str, percent: int) -> None:
    every = 100 // percent if percent else 0
    items = 1_500 if how == "trigger" and percent == 50 else 6_000  # each of these is found by itself
    world = World(rows, items=items, logs=500, fails=lambda number: bool(every) and number % every == 0, how=how)

    done = shell.run(shell.job(world.job()), rows.address)

    assert done.code == (SOME if percent else NONE), done.err
    assert done.answer["status"] == "succeeded"
    assert done.answer["failed"] == len(world.failing)
    told = told_by_commands(shell, done.answer["operation_id"])
    assert_exact(world, told)
    assert_unlinked(world.before, rows, told)
    assert {key: told.summary[key] for key in done.answer.keys() & told.summary.keys()} == done.answer
    for failure in told.failures:
        assert_reason(failure, rows.name, how)


def assert_reason(failure: dict[str, Any], database: str, how: str) -> None:
    assert failure.keys() >= {
        "entity", "record_id", "query_index", "error_number", "error_description", "constraint", "blocking_entity",
    }  # fmt: skip
    number = failure["error_number"]
    if how == "restrict":
        assert failure["blocking_entity"] == "hold"
        assert number in {"sqlite": {"1811"}, "postgresql": {"23503", "23001"}, "mariadb": {"1451"}}[database]
        assert failure["constraint"] == ("hold_ibfk_1" if database == "mariadb" else "hold_item_id_fkey")
    else:
        assert failure["blocking_entity"] is None
        assert number == {"sqlite": "1811", "postgresql": "P0777", "mariadb": "1644"}[database]
        assert "kept" in failure["error_description"]
