"""Outcomes that come in one delivery: recorded together, and one bad one stops none of the others."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bulkdelete.consumers.bounds import Bounds
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.outcomes import OUTCOMES, AnyOutcome
from bulkdelete.producers.messages import Outgoing
from bulkdelete.service.kafka import shell
from bulkdelete.service.kafka.outbox import Outbox
from bulkdelete.service.kafka.outcomes import Outcomes
from bulkdelete.service.kafka.received import Received
from tests.domain.life import Life


@dataclass
class Sent:
    """Stands for Kafka."""

    messages: list[Outgoing] = field(default_factory=list)

    async def send(self, *messages: Outgoing) -> None:
        self.messages += messages


def begun(application: BulkDeletes) -> Life:
    life = Life(application)
    life.submit()
    life.open()
    life.plan(units=4)
    return life


def received(*outcomes: AnyOutcome | bytes) -> list[Received]:
    bodies = [one if isinstance(one, bytes) else OUTCOMES.dump_json(one) for one in outcomes]
    keys = [b"?" if isinstance(one, bytes) else one.key.encode() for one in outcomes]
    return [Received("outcomes", 0, at, key, body) for at, (key, body) in enumerate(zip(keys, bodies, strict=True))]


def take(application: BulkDeletes, *outcomes: AnyOutcome | bytes) -> list[Outgoing]:
    sent = Sent()
    outbox = shell.Shell(cast("Outbox", cast("Any", sent)), "rejected")
    handler = Outcomes(outbox, application, "work", lambda: None, Bounds())
    asyncio.run(handler.take_all(received(*outcomes)))
    return sent.messages


def test_of_several_operations_each_is_recorded() -> None:
    with BulkDeletes() as application:
        one, other = begun(application), begun(application)

        sent = take(application, one.batch(0), other.batch(0), one.batch(1), other.batch(2), one.batch(2))

        assert (one.now.queries[0]["deleted"], other.now.queries[0]["deleted"]) == (9, 6)
        assert not sent


@pytest.mark.parametrize("bad", ["unreadable", "of no query", "of nobody"])
def test_a_bad_one_among_them_is_set_aside_and_the_others_are_recorded(
    monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setattr(shell, "MOST_SURPRISES", 1)
    with BulkDeletes() as application:
        life = begun(application)
        messages: dict[str, AnyOutcome | bytes] = {
            "unreadable": b'{"type": "BatchDone"',
            "of no query": life.batch(1, query_index=99),
            "of nobody": Life(application).batch(1),
        }

        sent = take(application, life.batch(0), messages[bad], life.batch(2))

        assert life.now.queries[0]["deleted"] == 6
        assert [one.topic for one in sent] == ["rejected"]
