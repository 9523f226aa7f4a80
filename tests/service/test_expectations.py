"""What people are told to expect, and how earlier runs are remembered."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.records.extent import Costs
from bulkdelete.records.forecast import Forecast, Source
from bulkdelete.records.target import Target
from bulkdelete.service.client import Client
from bulkdelete.service.rates import LEAST, earlier_rates
from bulkdelete.service.state import State
from bulkdelete.service.wording import duration, expectations, size

COSTS = Costs(1, 1, 1, 1, 1, 1, 1, log_name="WAL", growth="the file does not shrink: VACUUM FULL does that")


def told(seconds: float, source: Source = "sample", log: int = 0, kept: int = 0) -> list[str]:
    return list(expectations(Forecast(8_400_000, seconds, source, log, 120_000_000, kept), COSTS))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("earlier", "about 40 s (210,000/s, measured by earlier runs)"),
        ("sample", "about 40 s (210,000/s, by a sample that was read now)"),
        ("documented", "about 40 s (210,000/s, a usual figure: too little to measure)"),
        ("rate", "about 40 s (by the job's own rate)"),
    ],
)
def test_whence_the_time_is_known(source: Source, expected: str) -> None:
    assert told(40, source) == [expected]


def test_room_is_told_where_it_is_worth_saying() -> None:
    assert told(40, log=310_000_000, kept=180_000_000)[1:] == [
        "WAL about 310 MB; the file does not shrink: VACUUM FULL does that (about 120 MB)",
        "event log about 180 MB: the ids of what is gone, for good",
    ]
    assert list(expectations(Forecast(0, 0, "documented", 0, 0, 0), COSTS)) == []


def test_times_and_sizes() -> None:
    assert [duration(one) for one in (0.2, 59.6, 119, 130, 7_300)] == ["1 s", "60 s", "119 s", "2 min", "2.0 h"]
    assert [size(one) for one in (999, 1_000, 1_500_000, 99e6, 3.2e9, 5e15)] == [
        "999 bytes", "1 kB", "1.5 MB", "99 MB", "3.2 GB", "5,000 TB",
    ]  # fmt: skip


def test_a_rate_of_the_job_is_expected_to_hold(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE p (id integer PRIMARY KEY)")
        connection.execute("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 300) "
                           "INSERT INTO p SELECT i FROM c")  # fmt: skip
    job = {"name": "slow", "queries": [Query("p").all_records()]}

    with closing(Target(f"sqlite:///{tmp_path / 'shop.db'}")) as target:
        held = target.preview(Job.read(job | {"rate": 5})).forecast
        free = target.preview(Job.read(job | {"rate": 1_000_000})).forecast

    assert held.seconds == pytest.approx(60, rel=0.05)
    assert held.source == "rate"
    assert free.seconds < 10
    assert free.source != "rate"


def test_a_second_run_knows_the_rate_of_the_first(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE p (id integer PRIMARY KEY, n integer)")
        connection.execute(
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?) "
            "INSERT INTO p SELECT i, i % 3 FROM c",
            (3 * LEAST,),
        )
        connection.commit()
    state, address = State(tmp_path / "state"), f"sqlite:///{tmp_path / 'shop.db'}"
    assert earlier_rates(state, address) == {}

    with Client.local(state.folder, address) as client:
        ran = client.submit(Job.read({"name": "first", "queries": [Query("p").where(n=1)]})).wait()
        client.submit(Job.read({"name": "small", "queries": [Query("p").where(id=3)]})).wait()

    rates = earlier_rates(state, address)
    assert list(rates) == ["p"]
    assert rates["p"] == pytest.approx(ran.deleted / ran.duration_seconds, rel=0.2)
    assert earlier_rates(state, "sqlite:///another.db") == {}
    with closing(Target(address)) as target:
        forecast = target.preview(Job.read({"name": "again", "queries": [Query("p").where(n=2)]}), rates).forecast
    assert (forecast.source, forecast.records) == ("earlier", LEAST)
