"""What a worker learns from the log between two batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eventsourcing.persistence import OperationalError

from bulkdelete.consumers.attention import ALONE, AT_ONCE, LOOK, SHARING, Attention
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.commands import Halt, command_of
from tests.consumers.times import Clock
from tests.domain.life import Life


@pytest.fixture
def life() -> Iterator[Life]:
    with BulkDeletes() as application:
        one = Life(application)
        one.submit()
        one.open()
        yield one


@pytest.mark.parametrize("name", ["pause", "cancel", "postpone", "throttle"])
def test_what_somebody_asks_is_seen_at_the_next_look(life: Life, name: str) -> None:
    clock = Clock()
    attention = Attention(life.application, clock)
    assert not attention.is_asked(life.id, clock())
    fields: dict[str, dict[str, Any]] = {"postpone": {"until": "2030-01-01T00:00:00Z"}, "throttle": {"rate": 5}}
    life.control(name, **fields.get(name, {}))
    clock.seconds += LOOK
    assert attention.is_asked(life.id, 0.0)
    assert not attention.is_asked(life.id, clock()), "work that began later knows of it"
    assert not attention.is_asked(Life(life.application).id, 0.0)


def test_a_halt_is_for_all(life: Life) -> None:
    clock = Clock()
    attention = Attention(life.application, clock)
    attention.look()
    life.application.take_brake(command_of(Halt, requested_by="ops", reason="disk"))
    clock.seconds += LOOK
    assert attention.is_asked(life.id, 0.0)


def test_turns_are_short_while_others_have_work(life: Life) -> None:
    clock = Clock()
    attention = Attention(life.application, clock)
    assert attention.turn(life.id) == ALONE
    life.plan(units=3)
    clock.seconds += LOOK
    assert attention.turn(life.id) == ALONE, "its own events are no others"
    other = Life(life.application)
    other.submit()
    clock.seconds += LOOK
    assert attention.turn(life.id) == AT_ONCE
    clock.seconds += 3
    assert attention.turn(life.id) == SHARING
    clock.seconds += 11
    assert attention.turn(life.id) == ALONE


def test_a_store_that_is_away_stops_no_worker(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> int:
        raise OperationalError("away")

    clock = Clock()
    attention = Attention(life.application, clock)
    attention.look()
    life.control("pause")
    with monkeypatch.context() as patched:
        patched.setattr(life.application.recorder, "max_notification_id", away)
        clock.seconds += LOOK
        assert not attention.is_asked(life.id, 0.0)
    clock.seconds += LOOK
    assert attention.is_asked(life.id, 0.0)
