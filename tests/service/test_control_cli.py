"""`bulkdelete pause | resume | postpone | throttle | cancel | halt | unhalt | list | status` as people type them."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bulkdelete.service.cli.main import main
from bulkdelete.service.locks import held

JOB = """
name: Old logs
queries: [{EntityName: log, all_records: true}]
start_at: 2099-01-05T02:00:00
time_zone: Europe/Oslo
rate: 5000
"""
UNTIL = ("--until", "2100-01-04T02:00:00", "--time-zone", "Europe/Oslo")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bulkdelete(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command on a state folder of its own."""
    for name in [one for one in os.environ if one.startswith("BULKDELETE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BULKDELETE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["bulkdelete", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def waiting(bulkdelete: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An operation that waits for its time; the run was interrupted."""
    with closing(sqlite3.connect(tmp_path / "target.db")) as connection, connection:
        connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, createdon TEXT)")
        connection.execute("INSERT INTO log VALUES (1, '2020-01-01T00:00:00Z')")
    (tmp_path / "job.yaml").write_text(JOB)
    with monkeypatch.context() as patched:
        patched.setattr("bulkdelete.service.local.LocalRun.tell_waiting", interrupted)
        code, _, told = bulkdelete(
            "run", tmp_path / "job.yaml", "--database", f"sqlite:///{tmp_path}/target.db", "--yes"
        )
    assert code == 130, told
    assert "Starts  Mon 2099-01-05 02:00 Europe/Oslo" in told
    assert "Rate  at most 5,000 records/s" in told
    return str(json.loads(bulkdelete("status", "--json")[1])["operation_id"])


def interrupted(run: Any, _operation: Any) -> None:
    run.stopping.set()


def status(bulkdelete: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bulkdelete("status", "--json")[1])
    return found


def test_why_it_waits_and_until_when_is_always_shown(bulkdelete: Run, waiting: str) -> None:
    told = status(bulkdelete)
    assert (told["status"], told["waiting_for"]) == ("waiting", "starts Mon 2099-01-05 02:00 Europe/Oslo")
    assert (told["postponed_until"], told["rate"]) == ("2099-01-05T01:00:00Z", 5000)
    for command in ("list", "status"):
        assert "starts Mon 2099-01-05 02:00 Europe/Oslo" in bulkdelete(command)[1]
    assert "until Mon 2099-01-05 02:00 Europe/Oslo" in bulkdelete("history")[1]
    assert waiting[:8] in bulkdelete("postpone", waiting[:6], *UNTIL)[2]
    assert status(bulkdelete)["waiting_for"] == "starts Mon 2100-01-04 02:00 Europe/Oslo"


def test_what_is_illegal_is_answered_with_what_is_possible(bulkdelete: Run, waiting: str) -> None:
    code, _, said = bulkdelete("pause", waiting)
    assert code == 2
    assert "is postponed and cannot be paused; possible from there: resume, postpone, cancel, throttle" in said
    said = bulkdelete("resume", waiting)[2]
    assert "waiting" in said
    assert f"No process drives it now. What does:\n  bulkdelete run --resume {waiting[:8]}\n  bulkdelete serve" in said
    assert bulkdelete("resume", waiting)[0] == 2


def test_that_nobody_drives_it_is_shown(bulkdelete: Run, waiting: str) -> None:
    bulkdelete("resume", waiting)
    assert f"What does:\n  bulkdelete run --resume {waiting[:8]}" in bulkdelete("status")[2]
    with held(Path(os.environ["BULKDELETE_STATE"]), UUID(waiting)) as ours:
        assert ours
        assert "No process drives it" not in bulkdelete("status")[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("postpone", "--until", "2100-01-04T02:00:00"), "until: a time without a zone"),
        (("postpone", "--until", "soon"), "until: a date and a time are accepted"),
        (("throttle", "--rate", "fast"), "--rate: 'fast' is no number of records per second, and not none"),
        (("throttle", "--rate", "0"), "rate: Input should be greater than 0"),
        (("throttle", "nobody", "--rate", "5"), 'no operation begins with "nobody"'),
    ],
)
@pytest.mark.usefixtures("waiting")
def test_bad_input_names_the_field(bulkdelete: Run, arguments: tuple[str, ...], said: str) -> None:
    code, _, told = bulkdelete(*arguments)
    assert code == 2
    assert said in told


def test_throttled_and_canceled(bulkdelete: Run, waiting: str) -> None:
    assert "at most 1,200 records/s" in bulkdelete("throttle", waiting, "--rate", "1_200")[2]
    assert status(bulkdelete)["rate"] == 1200
    bulkdelete("throttle", waiting, "--rate", "none")
    assert status(bulkdelete)["rate"] is None
    assert "canceling" in bulkdelete("cancel", waiting)[2]


@pytest.mark.usefixtures("waiting")
def test_halted_by_whom_and_why_stands_everywhere(bulkdelete: Run) -> None:
    assert bulkdelete("halt", "--reason", "disk [full]")[0] == 0
    for command in ("list", "status"):
        _, shown, said = bulkdelete(command)
        assert "Everything is halted by " in said
        assert "disk [full]" in said
        assert "disk [full]" in shown
    assert status(bulkdelete)["waiting_for"].endswith(": disk [full]")
    code, _, said = bulkdelete("halt", "--reason", "again")
    assert code == 2
    assert "halted already, by" in said
    assert bulkdelete("unhalt")[0] == 0
    assert bulkdelete("unhalt")[0] == 2
    assert "halted" not in "".join(str(one) for one in bulkdelete("list"))
    rows = json.loads(bulkdelete("sql", "select reason, released_by is not null as over from halts", "--json")[1])
    assert rows == [{"reason": "disk [full]", "over": True}]


def test_everything_can_be_halted_before_there_is_anything(bulkdelete: Run) -> None:
    assert bulkdelete("halt", "--reason", "not yet")[0] == 0
    assert "Everything is halted" in bulkdelete("list")[2]
