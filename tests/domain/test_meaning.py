"""Settings of a job that say what its queries mean: read, refused with their path, and kept out of a digest."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query.terms import Fiscal, FiscalPeriod, User
from bulkdelete.domain.query.tree import TextMode

MINIMAL: dict[str, Any] = {"name": "x", "queries": [{"EntityName": "a", "all_records": True}]}
CLOCK = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)


def test_the_defaults_are_utc_quarters_from_january_and_the_cut_off() -> None:
    job = Job.read(MINIMAL)
    terms = job.terms(CLOCK)

    assert (terms.zone.key, terms.fiscal, terms.user, terms.text) == ("UTC", Fiscal(), None, TextMode.DATABASE)
    assert terms.now == job.cut_off(CLOCK) == CLOCK


def test_every_setting_is_read() -> None:
    user = {"id": "u", "business_unit": "b", "teams": ["t", 2], "language": 1044}
    job = Job.read({
        **MINIMAL, "time_zone": "Europe/Oslo", "user": user, "fiscal_year_start": "04-01", "fiscal_period": "monthly",
        "text": "ignore_case", "now": "2020-01-01T00:00:00+01:00",
    })  # fmt: skip
    terms = job.terms(CLOCK)

    assert terms.zone.key == "Europe/Oslo"
    assert terms.user == User("u", "b", ("t", 2), 1044)
    assert terms.fiscal == Fiscal(4, 1, FiscalPeriod.MONTHLY)
    assert terms.text is TextMode.IGNORE_CASE
    assert Job.read(job.to_json()) == job
    assert Job.read({**MINIMAL, "user": "u"}).terms(CLOCK).user == User("u")


@pytest.mark.parametrize(("now", "refers_to", "cut_off"), [
    ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z", CLOCK.isoformat()),
])  # fmt: skip
def test_the_cut_off_is_the_earlier_of_now_and_the_clock(now: str, refers_to: str, cut_off: str) -> None:
    job = Job.read({**MINIMAL, "now": now})

    assert job.terms(job.cut_off(CLOCK)).now == datetime.datetime.fromisoformat(refers_to)
    assert job.cut_off(CLOCK) == datetime.datetime.fromisoformat(cut_off)


def test_a_job_without_settings_keeps_the_digest_that_it_had() -> None:
    kept = '{"database":null,"name":"x","options":{"allow_slow":false,"created_on":{},"window":4},"queries":'
    conditions = '[{"AttributeName":"b","Operator":"Equal","Values":[1]}]'
    criteria = f'{{"Conditions":{conditions},"FilterOperator":"And","Filters":[]}}'
    job = Job.read({"name": "x", "queries": [{"EntityName": "a", "Criteria": {"Conditions": [
        {"AttributeName": "b", "Operator": "Equal", "Values": [1]}]}}]})  # fmt: skip

    assert job.canonical() == f'{kept}[{{"Criteria":{criteria},"EntityName":"a","all_records":false}}]}}'


@pytest.mark.parametrize(("name", "value", "field", "reason"), [
    ("time_zone", "Europe/Osl", "time_zone", 'Did you mean "Europe/Oslo"'),
    ("time_zone", "../../etc/passwd", "time_zone", "no time zone"),
    ("time_zone", "/etc/localtime", "time_zone", "no time zone"),
    ("time_zone", 1, "time_zone", "no time zone"),
    ("time_zone", "Europe/Oslo\n", "time_zone", "no time zone"),
    ("fiscal_year_start", "02-29", "fiscal_year_start", "every year has"),
    ("fiscal_year_start", "4-1", "fiscal_year_start", "every year has"),
    ("fiscal_period", "weekly", "fiscal_period", "fourweekly"),
    ("text", "loud", "text", "ignore_case"),
    ("now", "2020-01-01", "now", "with its offset"),
    ("now", "0001-01-01T00:00:00+14:00", "now", "no instant"),
    ("user", {"id": "u", "team": []}, "user.team", "unknown word"),
    ("user", {"id": None}, "user.id", "not a value"),
    ("user", True, "user", "dictionary"),
    ("timezone", "UTC", "timezone", 'Did you mean "time_zone"'),
])  # fmt: skip
def test_what_is_wrong_is_refused_with_its_path(name: str, value: object, field: str, reason: str) -> None:
    with pytest.raises(InvalidJobError) as refused:
        Job.read({**MINIMAL, name: value})

    assert refused.value.field == field
    assert reason in refused.value.reason
