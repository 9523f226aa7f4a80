"""Who is told how an operation ended: addresses, outcomes, and what a job may say of them."""

from __future__ import annotations

from typing import Any

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.notification import outcome_of
from bulkdelete.domain.notify import Notify, Outcome
from bulkdelete.domain.query_builder import Query


def job(**notify: Any) -> Job:
    return Job.read({"name": "Logs", "queries": [Query("log").all_records()], "notify": notify})


def test_who_is_told_of_what() -> None:
    found = job(to=["ops@example.com"], cc=["boss@example.com", "ops@example.com"]).notify

    assert found is not None
    for outcome in Outcome:
        assert found.recipients(outcome) == ["ops@example.com", "boss@example.com"]


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ("completed", {"completed", "completed_with_failures"}),
        ("completed_with_failures", {"completed_with_failures"}),
        ("failed", {"failed"}),
    ],
)
def test_what_somebody_asked_to_be_told_of(on: str, told: set[str]) -> None:
    found = Notify(to=("ops@example.com",), on=(on,))

    assert {str(one) for one in Outcome if found.recipients(one)} == told


@pytest.mark.parametrize(
    ("status", "failed", "outcome"),
    [
        ("succeeded", 0, "completed"), ("succeeded", 3, "completed_with_failures"), ("failed", 3, "failed"),
        ("canceled", 0, None), ("in_progress", 3, None), ("paused", 0, None),
    ],
)  # fmt: skip
def test_the_outcome_of_a_status(status: str, failed: int, outcome: str | None) -> None:
    assert outcome_of(status, failed) == outcome


@pytest.mark.parametrize(
    "address",
    [
        "ops@example.com\nBcc: everybody@example.com", "ops@example.com\r\nSubject: hello", "Ops <ops@example.com>",
        "a@example.com, b@example.com", "ops", "ops@", "@example.com", "ops@exa mple.com", "", 7, None,
        "ops@[127.0.0.1]", "øre@example.com", "x" * 250 + "@example.com", "a@example.com\0", '"a b"@example.com',
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["to", "cc"])
def test_what_is_no_address_is_refused_with_its_path(address: Any, where: str) -> None:
    with pytest.raises(InvalidJobError) as refused:
        job(**{"to": ["ops@example.com"], where: ["fine@example.com", address]})

    assert refused.value.field == f"notify.{where}[1]"
    assert "an address such as ops@example.com is accepted" in refused.value.reason


@pytest.mark.parametrize(
    "address",
    ["ops@example.com", "root@localhost", "ops@mail.local", "a.b+c@sub.example.co.uk", "ops@xn--blbr-roah.no"],
)
def test_addresses(address: str) -> None:
    found = job(to=[address]).notify
    assert found is not None
    assert found.to == (address,)


@pytest.mark.parametrize(
    ("notify", "field", "reason"),
    [
        ({}, "notify", "to: at least one address"),
        ({"to": []}, "notify", "to: at least one address"),
        ({"to": ["a@example.com"], "on": []}, "notify.on", "at least 1"),
        ({"to": ["a@example.com"], "on": ["canceled"]}, "notify.on[0]", "accepted: completed, completed_with_failures"),
        ({"to": ["a@example.com"], "bcc": []}, "notify.bcc", "unknown word"),
        ({"to": ["a@example.com"] * 101}, "notify.to", "at most 100"),
    ],
)
def test_a_refusal_says_what_is_accepted(notify: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(InvalidJobError) as refused:
        job(**notify)

    assert refused.value.field == field
    assert reason in refused.value.reason


def test_a_job_that_tells_nobody_has_the_digest_that_it_always_had() -> None:
    plain = Job.read({"name": "Logs", "queries": [Query("log").all_records()]})

    assert "notify" not in plain.to_json()
    assert job(to=["ops@example.com"]).digest() != plain.digest()
    assert Job.read(job(to=["ops@example.com"]).to_json()) == job(to=["ops@example.com"])
