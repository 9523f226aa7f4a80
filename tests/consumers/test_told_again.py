"""Who was given up is told after all, when somebody asks for it: once."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.producers.clock import PendingNotifications
from tests.consumers.telling import World, away, taken


@pytest.fixture
def world() -> Iterator[World]:
    with BulkDeletes() as application:
        yield World(application)


def test_what_was_given_up_is_told_once_when_somebody_asks(world: World) -> None:
    world.mail.answers = [away, away, away, taken]
    operation_id = world.ended()
    notifier = world.notifier(attempts=2, first_pause=1)
    identity = notifier.follow(operation_id)
    assert identity is not None
    notifier.ask_again(identity, "ops")
    world.pass_time(notifier, 60)
    assert world.found(operation_id).undeliverable == 2

    for at, undeliverable in ((3, 2), (4, 0), (4, 0)):
        notifier.ask_again(identity, "ops")
        notifier.ask_again(identity, "ops")
        notifier.deliver(identity, at_once=True)
        world.pass_time(notifier, 60)
        found = world.found(operation_id)
        assert (len(world.mail.got), found.is_settled, found.undeliverable) == (at, True, undeliverable)

    assert found.delivered == 2
    assert len({message_id for message_id, _ in world.mail.got}) == 1
    notifier.ask_again(uuid4(), "ops")


def test_who_asks_and_dies_before_the_attempt_is_no_obstacle(world: World) -> None:
    world.mail.answers = [away, taken]
    operation_id = world.ended()
    notifier = world.notifier(attempts=1)
    identity = notifier.follow(operation_id)
    assert identity is not None
    world.pass_time(notifier, 5)
    pending = PendingNotifications(world.application)
    assert pending.refresh() == []

    notifier.ask_again(identity, "ops")

    assert pending.refresh() == PendingNotifications(world.application).refresh() == [identity]
    world.pass_time(world.notifier(attempts=1), 60)
    found = world.found(operation_id)
    assert (found.is_settled, found.delivered, found.undeliverable, len(world.mail.got)) == (True, 2, 0, 2)
    assert pending.refresh() == []
