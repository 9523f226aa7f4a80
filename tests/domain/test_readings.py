"""How a query is read is said where its words leave room, and only there."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from bulkdelete.domain.job import Job
from bulkdelete.domain.query.readings import readings

NOW = datetime.datetime(2026, 11, 23, 23, 30, tzinfo=datetime.UTC)


def told(*conditions: tuple[Any, ...], more: dict[str, Any] | None = None, **settings: Any) -> list[str]:
    written = [
        {"AttributeName": name, "Operator": operator, "Values": values} for name, operator, *values in conditions
    ]
    query = {"EntityName": "a", "Criteria": {"Conditions": written}, **(more or {})}
    job = Job.read({"name": "x", "queries": [query], **settings})
    return readings(job.trees()[0], job.terms(NOW))


def test_of_a_plain_query_nothing_is_said() -> None:
    assert told(("b", "Equal", 1), ("c", "In", 1, 2), ("d", "Null")) == []


@pytest.mark.parametrize(("condition", "text"), [
    (("b", "NotEqual", 1), "b: not equal is also true of records without a value"),
    (("b", "NotIn", 1), "b: records without a value stay"),
    (("b", "DoesNotContain", "5%"), "b: what the text matches as a pattern stays, too"),
    (("b", "LastXDays", 3), "b: begins at midnight, so that it is longer than the time it names, and ends now"),
    (("b", "LastWeek"), "b: weeks begin on Sunday"),
    (("b", "Today"), "days are those of Europe/Oslo; now is 2026-11-24 00:30:00 there"),
    (("b", "ThisFiscalYear"),
     "fiscal years begin on 04-01 and are named by the year they begin in; periods are quarterly"),
    (("b", "Like", "x%"), "upper and lower case are the same; accents and trailing blanks are not"),
])  # fmt: skip
def test_what_leaves_room_is_said(condition: tuple[Any, ...], text: str) -> None:
    settings: dict[str, Any] = {"time_zone": "Europe/Oslo", "fiscal_year_start": "04-01", "text": "ignore_case"}

    assert text in told(condition, **settings)


def test_attributes_of_the_same_reading_are_named_together() -> None:
    assert told(("b", "NotEqual", 1), ("c", "NotEqual", 2)) == [
        "b, c: not equal is also true of records without a value"
    ]


def test_links_and_order_are_told() -> None:
    link = {
        "LinkFromAttributeName": "id",
        "LinkToEntityName": "c",
        "LinkToAttributeName": "a",
        "JoinOperator": "LeftOuter",
    }
    found = told(("b", "Equal", 1), more={"LinkEntities": [link], "Orders": [{"AttributeName": "b"}]})

    assert found == [
        "c: an outer link by itself leaves no record out",
        "a record is deleted once, however many related records there are",
        "the order has no effect: all of them are deleted",
    ]
