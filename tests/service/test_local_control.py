"""Two hands on one run without a broker: what another connection to the event store asks, the run obeys."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.consumers.braking import pull
from bulkdelete.domain.commands import (
    CancelOperation,
    Halt,
    PauseOperation,
    PostponeOperation,
    ResumeOperation,
    ThrottleOperation,
    Unhalt,
    command_of,
)
from bulkdelete.domain.errors import TransitionError
from bulkdelete.domain.summary import summary
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.projections.verify import verify
from bulkdelete.records.strain import Limits
from tests.service.running import until
from tests.service.terminals import RECORDS, Terminals, begun, two_terminals


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    with two_terminals(tmp_path) as two:
        yield two


@pytest.mark.parametrize(("kind", "ends"), [(PauseOperation, "paused"), (CancelOperation, "canceled")])
def test_it_is_still_within_a_batch_and_what_is_gone_is_counted(terminals: Terminals, kind: Any, ends: str) -> None:
    operation_id = terminals.submit(rate=1000)
    with terminals.running(operation_id):
        until(lambda: begun(terminals, operation_id))
        asked = time.monotonic()
        terminals.say(kind, operation_id)
        with pytest.raises(TransitionError, match="possible"):
            terminals.say(ResumeOperation, operation_id)
    print(f"\n{ends} after {time.monotonic() - asked:.2f} s")
    operation = terminals.operation(operation_id)
    assert operation.status == ends
    left = terminals.left()
    assert 0 < left == RECORDS - operation.queries[0]["deleted"]
    if kind is PauseOperation:
        terminals.say(ThrottleOperation, operation_id, rate=None)
        terminals.say(ResumeOperation, operation_id)
        with terminals.running(operation_id):
            pass
        assert summary(terminals.operation(operation_id))["deleted"] == RECORDS


def test_the_rate_is_changed_while_it_runs(terminals: Terminals) -> None:
    operation_id = terminals.submit(rate=500)
    with terminals.running(operation_id):
        until(lambda: begun(terminals, operation_id))
        began, before = time.monotonic(), terminals.operation(operation_id).queries[0]["deleted"]
        until(lambda: time.monotonic() > began + 3)
        gone = terminals.operation(operation_id).queries[0]["deleted"] - before
        took = time.monotonic() - began
        terminals.say(ThrottleOperation, operation_id, rate=None)
    assert gone <= 500 * took * 1.05 + 100, "a grant of a fifth of a second may just have been used"
    assert terminals.operation(operation_id).status == "succeeded"
    assert terminals.left() == 0


def test_a_run_waits_for_its_time_and_for_another_one(terminals: Terminals) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    operation_id = terminals.submit(start_at=soon.isoformat(), rate=2000)
    waited: list[str] = []
    with terminals.running(operation_id, on_wait=waited.append):
        until(lambda: waited)
        assert terminals.left() == RECORDS
        terminals.say(PostponeOperation, operation_id, until=datetime.now(UTC) + timedelta(seconds=1))
        until(lambda: begun(terminals, operation_id))
        terminals.say(PostponeOperation, operation_id, until=datetime.now(UTC) + timedelta(seconds=1))
        until(lambda: terminals.operation(operation_id).status == "postponed")
        left = terminals.left()
        assert "goes on" in (terminals.operation(operation_id).waiting_for or "")
        assert 0 < left == RECORDS - terminals.operation(operation_id).queries[0]["deleted"]
    assert terminals.operation(operation_id).status == "succeeded"
    assert any(one.startswith("starts") for one in waited)


def test_a_halt_stops_the_run_until_it_is_over_and_stands_in_the_views(terminals: Terminals, tmp_path: Path) -> None:
    operation_id = terminals.submit(rate=1000)
    with terminals.running(operation_id):
        until(lambda: begun(terminals, operation_id))
        pull(command_of(Halt, requested_by="ops", reason="disk"), terminals.other)
        until(lambda: terminals.operation(operation_id).status == "halted")
        left, waiting = terminals.left(), terminals.submit(start_at="2030-01-01T00:00:00Z")
        files = ViewFiles.beside(tmp_path / "views.duckdb")
        with open_views(files, terminals.other) as views:
            told = views.status(operation_id)
            assert (told.status, told.waiting_for) == ("paused", "halted by ops: disk")
            assert views.status(waiting).waiting_for == "halted by ops: disk"
            halt = views.halt()
            assert halt is not None
            assert (halt.requested_by, halt.reason) == ("ops", "disk")
        time.sleep(0.5)
        assert terminals.left() == left
        pull(command_of(Unhalt, requested_by="ops"), terminals.other)
        terminals.say(ThrottleOperation, operation_id, rate=None)
    assert terminals.left() == 0
    with open_views(files, terminals.other) as views:
        assert views.halt() is None
        assert str(views.status(waiting).waiting_for).startswith("starts Tue 2030-01-01")
        _, rows = views.sql("SELECT statecode, statuscode, nextrun FROM bulkdeleteoperation ORDER BY createdon")
        assert [row[:2] for row in rows] == [(3, 30), (1, 10)]
    assert verify(files, terminals.other).equal


@pytest.mark.parametrize("kind", [PauseOperation, PostponeOperation, CancelOperation, Halt])
def test_a_run_that_died_between_the_request_and_its_effect_is_followed_by_one_that_obeys(
    terminals: Terminals, kind: Any
) -> None:
    operation_id = terminals.submit(rate=1000)
    with terminals.running(operation_id) as run:
        until(lambda: begun(terminals, operation_id))
        run.stopping.set()
    left = terminals.left()
    if kind is Halt:
        pull(command_of(Halt, requested_by="ops", reason="disk"), terminals.other)
    else:
        terminals.say(kind, operation_id, **({"until": "2030-01-01T00:00:00Z"} if kind is PostponeOperation else {}))
    resting = {PauseOperation: "paused", PostponeOperation: "postponed", CancelOperation: "canceled", Halt: "halted"}
    with terminals.running(operation_id) as run:
        until(lambda: terminals.operation(operation_id).status == resting[kind])
        run.stopping.set()
    assert terminals.left() == left == RECORDS - terminals.operation(operation_id).queries[0]["deleted"]


def test_a_database_that_suffers_is_waited_for(terminals: Terminals) -> None:
    terminals.sql("CREATE TABLE load_of (n INTEGER)")
    operation_id = terminals.submit(rate=1500)
    waited: list[str] = []
    with terminals.running(operation_id, Limits(query="SELECT count(*) FROM load_of")) as run:
        run.on_wait = waited.append
        until(lambda: begun(terminals, operation_id))
        terminals.sql("INSERT INTO load_of VALUES (1)")
        until(lambda: terminals.operation(operation_id).waiting_for)
        operation = terminals.operation(operation_id)
        assert (operation.status, operation.waiting_for) == ("in_progress", "the back-off query gives 1, at most 0")
        left = terminals.left()
        time.sleep(1.5)
        assert terminals.left() == left
        terminals.sql("DELETE FROM load_of")
    assert waited == ["the back-off query gives 1, at most 0"]
    assert summary(terminals.operation(operation_id))["waiting_for"] is None
    assert terminals.left() == 0


def test_the_second_operation_waits_for_the_first_one_and_for_none_that_nobody_drives(terminals: Terminals) -> None:
    driven: set[UUID] = set()
    bounds = Bounds(operations_per_database=1, is_driven=driven.__contains__)
    first, second = terminals.submit(rate=1000), terminals.submit()
    with terminals.running(first, bounds=bounds) as run:
        driven.add(first)
        until(lambda: begun(terminals, first))
        with terminals.running(second, bounds=bounds):
            until(lambda: terminals.operation(second).waiting_for)
            assert str(terminals.operation(second).waiting_for).startswith("another operation on sqlite:///")
            run.stopping.set()
            until(lambda: run.is_over(terminals.operation(first)))
            driven.clear()
    assert terminals.operation(first).status == "in_progress"
    assert terminals.operation(second).status == "succeeded"


def test_many_commands_at_once_lose_nothing(terminals: Terminals) -> None:
    operation_id = terminals.submit(rate=2000)
    refused: list[str] = []

    def shout(kinds: list[Any]) -> None:
        for at in range(6):
            kind = kinds[at % len(kinds)]
            try:
                terminals.say(kind, operation_id, **({"rate": 2000 + at} if kind is ThrottleOperation else {}))
            except TransitionError as error:
                refused.append(error.reason)

    with terminals.running(operation_id):
        until(lambda: begun(terminals, operation_id))
        threads = [
            threading.Thread(target=shout, args=[kinds])
            for kinds in ([ThrottleOperation], [PauseOperation, ResumeOperation], [ResumeOperation, PauseOperation])
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
        until(lambda: terminals.operation(operation_id).status not in {"pausing", "waiting"})
    if terminals.operation(operation_id).status == "paused":
        terminals.say(ResumeOperation, operation_id)
        with terminals.running(operation_id):
            pass
    operation = terminals.operation(operation_id)
    assert (operation.status, operation.queries[0]["deleted"], terminals.left()) == ("succeeded", RECORDS, 0)
    assert all("possible from there" in one for one in refused)
