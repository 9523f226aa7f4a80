"""People are told once how an operation ended, whatever is delivered again, killed, away, or run side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from bulkdelete.consumers.channels import MailChannel
from bulkdelete.consumers.letter import Letters
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.notification import Receipt
from bulkdelete.domain.notify import Outcome
from bulkdelete.producers.clock import PendingNotifications
from tests.consumers.telling import KilledError, World, away, taken


@pytest.fixture
def world() -> Iterator[World]:
    with BulkDeletes() as application:
        yield World(application)


def test_one_mail_however_often_the_end_is_told(world: World) -> None:
    operation_id = world.ended()
    notifier = world.notifier()

    for _ in range(3):
        identity = notifier.follow(operation_id)
        assert identity is not None
        notifier.deliver(identity)
    world.pass_time(world.notifier(), 100)

    assert world.mail.got == [(f"{identity}@example.com", ["ops@example.com", "boss@example.com"])]
    assert world.found(operation_id).is_settled
    assert PendingNotifications(world.application).refresh() == []


def test_a_failed_operation_has_a_mail_of_its_own(world: World) -> None:
    operation_id = world.ended("failed")
    notifier = world.notifier()
    world.notifier().follow(operation_id)
    world.pass_time(notifier, 2)

    assert len(world.mail.got) == 1
    assert world.found(operation_id, Outcome.FAILED).is_settled


@pytest.mark.parametrize(
    ("how", "notify"), [("running", {}), ("completed", {"on": ["failed"]}), ("completed", {"to": None})]
)
def test_nobody_is_told_what_nobody_asked_for(world: World, how: str, notify: dict[str, Any]) -> None:
    operation_id = world.ended(how, **notify)

    assert world.notifier().follow(operation_id) is None
    assert world.notifier().follow(uuid4()) is None
    assert PendingNotifications(world.application).refresh() == []


def test_a_server_that_is_away_is_tried_with_growing_pauses(world: World) -> None:
    world.mail.answers = [*[away] * 5, taken]
    operation_id = world.ended()
    notifier = world.notifier(first_pause=2, longest_pause=16)
    notifier.follow(operation_id)
    world.pass_time(notifier, 1, 0.5)
    assert world.found(operation_id).deliveries["mail"]["reason"] == "the server is away"
    at = [0.0]
    while len(world.mail.got) < 6:
        before = len(world.mail.got)
        world.pass_time(notifier, 0.5, 0.5)
        if len(world.mail.got) > before:
            at.append(world.clock.seconds)

    assert [later - earlier for earlier, later in pairwise(at)] == pytest.approx([2, 4, 8, 16, 16], abs=1.5)
    assert len({message_id for message_id, _ in world.mail.got}) == 1
    assert world.found(operation_id).is_settled


def test_it_is_given_up_after_so_many_attempts_and_says_so(world: World) -> None:
    world.mail.answers = [away]
    operation_id = world.ended()
    notifier = world.notifier(attempts=3, first_pause=1)
    notifier.follow(operation_id)

    world.pass_time(notifier, 60)

    assert len(world.mail.got) == 3
    found = world.found(operation_id)
    assert (found.is_settled, found.delivered, found.undeliverable) == (True, 0, 2)


def test_only_who_was_not_reached_is_told_again(world: World) -> None:
    def half(recipients: Sequence[str]) -> Receipt:
        return Receipt(["ops@example.com"], reason="boss@example.com: 450 try later")

    world.mail.answers = [half, taken]
    operation_id = world.ended()
    notifier = world.notifier(first_pause=1)
    notifier.follow(operation_id)
    world.pass_time(notifier, 10)

    assert [some for _, some in world.mail.got] == [["ops@example.com", "boss@example.com"], ["boss@example.com"]]
    assert world.found(operation_id).delivered == 2


def test_who_is_refused_is_not_told_again(world: World) -> None:
    world.mail.answers = [lambda _: Receipt(["ops@example.com"], {"boss@example.com": "550 no such user"})]
    operation_id = world.ended()
    notifier = world.notifier()
    notifier.follow(operation_id)
    world.pass_time(notifier, 10)

    assert len(world.mail.got) == 1
    assert (world.found(operation_id).delivered, world.found(operation_id).undeliverable) == (1, 1)


@pytest.mark.parametrize("when", ["before it was sent", "after it was sent"])
def test_killed_in_the_midst_the_second_mail_has_the_same_identity(world: World, when: str) -> None:
    operation_id = world.ended()

    def killed(recipients: Sequence[str]) -> Receipt:
        raise KilledError

    if when == "before it was sent":
        world.mail.answers = [killed, taken]
    first = world.notifier(seconds=10)
    identity = first.follow(operation_id)
    assert identity is not None
    if when == "after it was sent":
        first.record = lambda *_: (_ for _ in ()).throw(KilledError())  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        first.deliver(identity)

    second = world.notifier(seconds=10)
    world.pass_time(second, 15)
    assert len(world.mail.got) == 1, "the first one may still be at it"
    world.pass_time(second, 15)

    assert len(world.mail.got) == 2
    assert len({message_id for message_id, _ in world.mail.got}) == 1
    assert world.found(operation_id).is_settled


def test_who_holds_the_notification_need_not_wait_for_the_dead(world: World) -> None:
    operation_id = world.ended()
    first = world.notifier()
    identity = first.follow(operation_id)
    assert identity is not None
    first.begin(identity, "mail")

    @contextmanager
    def holding(_: UUID) -> Iterator[bool]:
        yield True

    second = world.notifier()
    second.holding = holding
    second.deliver(identity)

    assert len(world.mail.got) == 1


def test_two_that_are_at_it_together_send_one(world: World) -> None:
    operation_id = world.ended()
    one, other = world.notifier(), world.notifier()
    identity = one.follow(operation_id)
    assert identity is not None

    def meanwhile(recipients: Sequence[str]) -> Receipt:
        other.deliver(identity)
        return taken(recipients)

    world.mail.answers = [meanwhile, taken]
    one.deliver(identity)
    world.pass_time(other, 5)

    assert len(world.mail.got) == 1


@pytest.mark.parametrize("jump", [-1_000_000.0, 1_000_000.0])
def test_a_clock_on_the_wall_that_jumps_neither_holds_up_nor_doubles(world: World, jump: float) -> None:
    world.mail.answers = [away, taken]
    operation_id = world.ended()
    notifier = world.notifier(first_pause=4)
    notifier.follow(operation_id)
    world.pass_time(notifier, 1)
    notifier.timing.now = lambda: datetime.now(UTC) + timedelta(seconds=jump)

    world.pass_time(notifier, 10)

    assert len(world.mail.got) == 2
    assert world.found(operation_id).is_settled


def test_an_end_of_long_ago_is_not_told_and_that_is_recorded(world: World) -> None:
    operation_id = world.ended()
    notifier = world.notifier()
    notifier.timing.now = lambda: datetime.now(UTC) + timedelta(hours=100)

    notifier.follow(operation_id)

    found = world.found(operation_id)
    assert (found.is_settled, found.undeliverable, world.mail.got) == (True, 2, [])


def test_a_message_that_cannot_be_made_stops_nobody(world: World) -> None:
    def broken(recipients: Sequence[str]) -> Receipt:
        raise ZeroDivisionError

    world.mail.answers = [broken, taken]
    first, second = world.ended(), world.ended()
    notifier = world.notifier(first_pause=1)
    for one in (first, second):
        notifier.follow(one)
    world.pass_time(notifier, 10)

    assert world.found(first).is_settled
    assert world.found(second).is_settled


def test_without_a_mail_server_it_says_what_to_set(world: World) -> None:
    operation_id = world.ended()
    notifier = world.notifier()
    notifier.channels = {"mail": MailChannel(Letters("bulkdelete@example.com"), None)}
    notifier.follow(operation_id)
    world.pass_time(notifier, 2)

    assert "BULKDELETE_SMTP__HOST" in str(world.found(operation_id).deliveries["mail"]["reason"])
