"""Instants as people name them, across daylight saving time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from bulkdelete.domain.wall_time import rfc3339, spoken

QUERIES = [Query("log").all_records().expression().model_dump(by_alias=True)]


def job(**fields: Any) -> Job:
    return Job.read({"name": "x", "queries": QUERIES, **fields})


@pytest.mark.parametrize(
    ("start_at", "time_zone", "instant"),
    [
        ("2027-01-04T02:00:00", "Europe/Oslo", "2027-01-04T01:00:00Z"),
        ("2027-07-04T02:00:00", "Europe/Oslo", "2027-07-04T00:00:00Z"),
        ("2027-01-04T02:00:00+05:30", "Europe/Oslo", "2027-01-03T20:30:00Z"),
        ("2027-01-04T02:00:00Z", None, "2027-01-04T02:00:00Z"),
        # Twice: the first is meant. Skipped: by the offset before.
        ("2027-10-31T02:30:00", "Europe/Oslo", "2027-10-31T00:30:00Z"),
        ("2027-03-28T02:30:00", "Europe/Oslo", "2027-03-28T01:30:00Z"),
        (datetime(2027, 1, 4, 2), "America/New_York", "2027-01-04T07:00:00Z"),
    ],
)
def test_an_instant_is_what_people_mean(start_at: Any, time_zone: str | None, instant: str) -> None:
    found = job(start_at=start_at, time_zone=time_zone)
    assert found.starts_at is not None
    assert rfc3339(found.starts_at) == instant
    assert Job.read(found.to_json()) == found
    assert Job.read(found.to_json()).digest() == found.digest()


@pytest.mark.parametrize(
    ("start_at", "reason"),
    [
        ("2027-01-04T02:00:00", "a time without a zone is a different instant for everybody"),
        (datetime(2027, 1, 4, 2), "a time without a zone"),
        ("2027-01-04", "a date and a time are accepted"),
        ("tomorrow at two in the night", "a date and a time are accepted"),
        (1_800_000_000, "a date and a time are accepted"),
        ("9999-12-31T23:59:59-14:00", "a date and a time are accepted"),
        ("0001-01-01T00:00:00+14:00", "a date and a time are accepted"),
    ],
)
def test_what_is_no_instant_is_refused_with_the_reason(start_at: Any, reason: str) -> None:
    with pytest.raises(InvalidJobError) as refused:
        job(start_at=start_at)
    assert refused.value.field == "start_at"
    assert reason in refused.value.reason


def test_a_job_without_a_time_or_a_rate_is_what_it_was() -> None:
    assert not {"start_at", "rate", "time_zone"} & job().to_json().keys()
    assert job(start_at=None, rate=None).digest() == job().digest() != job(rate=5).digest()


def test_told_in_the_zone_of_whoever_asked() -> None:
    instant = rfc3339(datetime(2027, 7, 4, 0, 0, 5, tzinfo=UTC))
    assert spoken(instant, "Europe/Oslo") == "Sun 2027-07-04 02:00:05 Europe/Oslo"
