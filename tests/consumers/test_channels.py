"""Webhooks and chats: told of every end, each by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bulkdelete.consumers.channels import Named, NamedChannel, Notice, chat_text, cloud_event
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.notify import Outcome
from bulkdelete.producers.webhook import GoneForGoodError
from tests.consumers.telling import World


@pytest.fixture
def world() -> Iterator[World]:
    with BulkDeletes() as application:
        yield World(application)


def test_webhooks_and_chats_are_told_of_every_end_and_each_by_itself(world: World) -> None:
    got: list[Notice] = []
    answers: dict[str, list[str | None]] = {"flaky": ["answered 503", None]}

    def fine(notice: Notice) -> str | None:
        got.append(notice)
        return None

    def flaky(notice: Notice) -> str | None:
        return answers["flaky"].pop(0)

    def gone(notice: Notice) -> str | None:
        raise GoneForGoodError("answered 410")

    named = {"fine": Named(fine), "flaky": Named(flaky), "gone": Named(gone), "other": Named(fine, (Outcome.FAILED,))}
    operation_id = world.ended(to=None)
    notifier = world.notifier(first_pause=1)
    notifier.channels = {"mail": world.mail, "webhook": NamedChannel(named)}
    notifier.follow(operation_id)
    world.pass_time(notifier, 20)

    found = world.found(operation_id)
    assert (found.is_settled, found.delivered, found.undeliverable, world.mail.got) == (True, 2, 1, [])
    (notice,) = got
    event = cloud_event(notice)
    assert (event["type"], event["subject"]) == ("bulkdelete.operation.completed", str(operation_id))
    assert event["id"] == str(found.id)
    assert event["data"]["outcome"] == "completed"
    assert chat_text(notice.report).splitlines()[0] == "0 deleted, 0 failed on crm"


def test_a_name_that_is_not_configured_any_more_is_a_reason(world: World) -> None:
    operation_id = world.ended(to=None)
    notifier = world.notifier()
    notifier.channels = {"webhook": NamedChannel({"ops": Named(lambda _: None)})}
    notifier.follow(operation_id)
    notifier.channels = {"webhook": NamedChannel()}
    world.pass_time(notifier, 2)

    assert world.found(operation_id).deliveries["webhook"]["reason"] == "ops: is not configured here"
