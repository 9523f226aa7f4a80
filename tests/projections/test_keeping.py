"""One process writes the views; everybody reads them, all the time, whatever happens."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.errors import UnavailableError
from bulkdelete.projections.database import connect
from bulkdelete.projections.keeper import ViewKeeper
from bulkdelete.projections.layout import ViewFiles
from bulkdelete.projections.opening import open_views
from bulkdelete.projections.verify import verify
from tests.projections.story import Story, gone, whole

READER = """
import duckdb, sys
seen, until = [0], int(sys.argv[2])
while seen[-1] < until:
    with duckdb.connect(sys.argv[1], read_only=sys.argv[3] == "read") as plain:
        counted = plain.execute("SELECT deleted FROM operations").fetchall()
        stored = plain.execute("SELECT count(*) FROM deleted_records").fetchall()
        assert counted == stored, (counted, stored)
        assert counted[0][0] >= seen[-1], (counted, seen)
        if counted[0][0] > seen[-1]:
            seen.append(counted[0][0])
            print(seen[-1], flush=True)
"""


def reading(files: ViewFiles, until: int, how: str = "read") -> subprocess.Popen[str]:
    """A plain DuckDB client that asks all the time, until it has seen so many deleted."""
    arguments = [sys.executable, "-c", READER, str(files.snapshot), str(until), how]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("how", ["read", "write"])
def test_a_plain_client_asks_all_the_time_while_the_views_move(
    application: BulkDeletes, files: ViewFiles, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkdelete.projections.parts.FULL", 100)
    story = Story(application).started().planned(100)
    story.batch(0, deleted=[gone(*range(10))])
    with ViewKeeper(files, application, seconds_between_snapshots=0.0) as keeper:
        keeper.catch_up()
        client = reading(files, 300, how)
        assert client.stdout is not None
        assert client.stdout.readline() == "10\n"
        for unit in range(1, 30):
            story.batch(unit, deleted=[gone(*range(unit * 10, unit * 10 + 10))])
            keeper.step()
    output, errors = client.communicate(timeout=60)

    assert client.returncode == 0, errors
    assert output.split()[-1] == "300"


def test_a_second_keeper_stands_by_until_the_first_is_gone(application: BulkDeletes, files: ViewFiles) -> None:
    story = Story(application)
    with ViewKeeper(files, application) as first, ViewKeeper(files, application) as second:
        assert first.catch_up()
        assert not second.catch_up()
        with pytest.raises(UnavailableError, match="another process writes"):
            second.take([])
        first.close()
        story.started()
        assert second.catch_up()
    with open_views(files, application) as views:
        assert views.status().status == "in_progress"


def test_a_reader_waits_a_moment_for_a_living_writer_and_no_longer(application: BulkDeletes, files: ViewFiles) -> None:
    story = Story(application)
    with ViewKeeper(files, application) as keeper:
        keeper.catch_up()
        keeper.publish()
        story.started()
        began = time.monotonic()
        with open_views(files, application, patience=0.3) as views:
            assert views.status().status == "waiting"
        assert 0.3 <= time.monotonic() - began < 3


def test_what_somebody_writes_into_the_snapshot_keeps_nobody_out(application: BulkDeletes, files: ViewFiles) -> None:
    story = Story(application)
    with open_views(files, application):
        pass
    script = (
        "import duckdb, sys; plain = duckdb.connect(sys.argv[1]); plain.execute('CREATE TABLE mine (n INTEGER)');"
        "print('wrote', flush=True); sys.stdin.readline()"
    )
    rude = subprocess.Popen(
        [sys.executable, "-c", script, str(files.snapshot)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert rude.stdout is not None
        assert rude.stdout.readline() == "wrote\n"
        with open_views(files, application) as views:  # while somebody holds the snapshot for writing
            assert views.status().status == "waiting"
        story.started()
        with open_views(files, application) as views:
            assert views.status().status == "in_progress"
        with duckdb.connect(str(files.snapshot), read_only=True) as plain:
            assert plain.execute("SELECT status FROM operations").fetchall() == [("in_progress",)]
    finally:
        rude.kill()
        rude.communicate()


def spoil(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)


@pytest.mark.parametrize(
    "harm", ["snapshot gone", "snapshot broken", "live gone", "live broken", "all gone", "part gone", "part cut"]
)
def test_views_that_are_harmed_come_back(
    application: BulkDeletes,
    files: ViewFiles,
    harm: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bulkdelete.projections.parts.FULL", 4)
    whole(application)
    with open_views(files, application):
        pass
    part = next(files.parts.glob("deleted-*.parquet"))
    match harm:
        case "snapshot gone":
            files.snapshot.unlink()
        case "snapshot broken":
            spoil(files.snapshot)
        case "live gone":
            files.live.unlink()
        case "live broken":
            spoil(files.live)
        case "all gone":
            files.snapshot.unlink()
            shutil.rmtree(files.folder)
        case "part gone":
            part.unlink()
        case "part cut":
            os.truncate(part, part.stat().st_size // 2)
    Story(application)

    with caplog.at_level(logging.WARNING), open_views(files, application) as views:
        assert [one.deleted for one in views.operations()] == [0, 6]
        ((count,),) = views.sql("SELECT count(*) FROM deleted_records")[1]
        assert count == 8
    assert verify(files, application).equal
    assert ("made anew" in caplog.text) == (harm in {"live broken", "part gone", "part cut"})


def test_a_folder_that_is_moved_is_followed(
    application: BulkDeletes, files: ViewFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkdelete.projections.parts.FULL", 4)
    whole(application)
    with open_views(files, application):
        pass
    elsewhere = tmp_path / "it's elsewhere"
    elsewhere.mkdir()
    files.snapshot.rename(elsewhere / "views.duckdb")
    files.folder.rename(elsewhere / "views")

    with open_views(ViewFiles.of_state(elsewhere), application):
        pass
    with duckdb.connect(str(elsewhere / "views.duckdb"), read_only=True) as plain:
        assert plain.execute("SELECT count(*) FROM deleted_records").fetchall() == [(8,)]


def test_a_crash_between_a_part_and_its_commit_leaves_only_garbage(
    application: BulkDeletes, files: ViewFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkdelete.projections.parts.FULL", 4)
    whole(application)
    keeper = ViewKeeper(files, application)
    keeper.acquire()

    def crash(*_: object) -> None:
        raise RuntimeError("crash")

    with monkeypatch.context() as broken:
        broken.setattr(keeper.writer.parts, "put", crash)
        with pytest.raises(RuntimeError, match="crash"):
            keeper.catch_up()
    keeper.follows_log = False
    keeper.close()
    assert len(list(files.parts.glob("*.parquet"))) == 1

    with open_views(files, application) as views:
        assert len(list(views.deleted())) == 8
    (garbage, counted) = sorted(files.parts.glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    with ViewKeeper(files, application) as keeper:
        keeper.writer.parts.sweep()
        assert garbage.exists()
        keeper.writer.parts.grace = timedelta(0)
        keeper.writer.parts.sweep()
    assert not garbage.exists()
    assert counted.exists()


def test_parts_that_were_merged_away_stay_for_readers_of_an_older_snapshot(
    application: BulkDeletes, files: ViewFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkdelete.projections.parts.FULL", 10)
    monkeypatch.setattr("bulkdelete.projections.parts.MANY", 3)
    story = Story(application).started().planned(6)
    for unit in range(2):
        story.batch(unit, deleted=[gone(*range(unit * 10, unit * 10 + 10))])
        with open_views(files, application):
            pass
    with duckdb.connect(str(files.snapshot), read_only=True) as older:
        for unit in range(2, 6):
            story.batch(unit, deleted=[gone(*range(unit * 10, unit * 10 + 10))])
            with open_views(files, application) as views:
                assert len(list(views.deleted())) == unit * 10 + 10
        assert older.execute("SELECT count(*) FROM deleted_records").fetchall() == [(20,)]


def test_a_slow_statement_draws_no_bar_on_standard_output(tmp_path: Path) -> None:
    with connect(tmp_path / "views.duckdb", tmp_path / "spill") as connection:
        assert connection.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)
