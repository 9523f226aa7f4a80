"""The relay's lease on both event stores: one holder, bounded takeover, and no word from who lost it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.producers.lease import Lease, MemoryLease, lease_of
from bulkdelete.service.event_store import open_event_store
from bulkdelete.service.urls import Url

SECONDS = 0.4


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def application(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BulkDeletes]:
    url = f"sqlite:///{tmp_path}/events.db" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    with open_event_store(Url(url)) as one:
        yield one


def two(application: BulkDeletes) -> tuple[Lease, Lease]:
    return lease_of(application, "events", SECONDS), lease_of(application, "events", SECONDS)


def test_one_holds_it_and_the_other_stands_by(application: BulkDeletes) -> None:
    first, second = two(application)

    assert first.take() == 0
    assert second.take() is None
    assert first.keep(7)
    assert first.take() == 7
    assert second.take() is None


def test_one_that_fell_silent_is_replaced_at_the_place_it_reached(application: BulkDeletes) -> None:
    first, second = two(application)
    first.take()
    first.keep(7)

    time.sleep(SECONDS * 1.5)

    assert second.take() == 7
    assert not first.keep(9)
    assert first.take() is None
    first.release()
    assert second.keep(8)


def test_one_that_was_late_but_not_replaced_goes_on(application: BulkDeletes) -> None:
    first, _ = two(application)
    first.take()

    time.sleep(SECONDS * 1.5)

    assert first.keep(3)


def test_one_that_is_given_back_is_taken_at_once(application: BulkDeletes) -> None:
    first, second = two(application)
    first.take()
    first.keep(7)

    first.release()

    assert second.take() == 7


def test_what_is_published_elsewhere_has_a_lease_of_its_own(application: BulkDeletes) -> None:
    first, _ = two(application)
    first.take()
    first.keep(7)

    assert lease_of(application, "other.events", SECONDS).take() == 0


def test_an_event_store_in_memory_needs_no_more_than_a_place() -> None:
    with BulkDeletes() as application:
        lease = lease_of(application, "events", SECONDS)

        assert isinstance(lease, MemoryLease)
        assert lease.take() == 0
        assert lease.keep(5)
        lease.release()
        assert lease.take() == 5
