"""Events as CloudEvents: every one of ours goes out and comes back as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.batch import Batch
from bulkdelete.domain.operation import Operation
from bulkdelete.producers.events import decode, encode, event_classes
from bulkdelete.service.kafka.planning import is_of_a_batch, subject
from bulkdelete.service.kafka.received import Received
from tests.service.running import submit


def every_event() -> list[Any]:
    """A deletion from beginning to end, in memory."""
    from bulkdelete.domain.agenda import outstanding
    from tests.service.fake_target import FakeTarget

    target = FakeTarget()
    with BulkDeletes() as application:
        command = submit()
        application.submit(command, "crm")
        while not (operation := application.operation(command.operation_id)).is_final:
            for work in outstanding(operation):
                for outcome in target.do(work):
                    application.record(outcome)
        found = application.recorder.select_notifications(None, 1000)
        return [application.mapper.to_domain_event(one) for one in found]


EVENTS = every_event()


def test_every_stream_and_the_ends_are_known() -> None:
    known = event_classes()

    assert {one.partition(".")[0] for one in known} == {"operation", "batch", "brake", "lanes"}
    assert known["operation.completed"] is Operation.Completed
    assert known["batch.recorded"] is Batch.Recorded
    assert "operation.snapshot" not in known


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: type(one).TOPIC)
def test_an_event_comes_back_as_it_went_out(event: Any) -> None:
    message = encode(event, "bulkdelete.events")

    assert decode(message.headers, message.body) == event


def test_the_first_event_as_others_see_it() -> None:
    event = EVENTS[0]
    message = encode(event, "bulkdelete.events")
    operation_id = str(event.originator_id)

    assert (message.topic, message.key) == ("bulkdelete.events", operation_id.encode())
    assert message.headers == {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": f"{operation_id}/1",
        "ce_type": "bulkdelete.operation.submitted",
        "ce_source": "/bulkdelete",
        "ce_subject": operation_id,
        "ce_time": event.timestamp.isoformat().replace("+00:00", "Z"),
    }
    assert list(json.loads(message.body)) == ["command_id", "requested_by", "database", "job", "digest"]


def test_an_event_of_a_batch_has_the_operation_as_key_and_subject() -> None:
    event = next(one for one in EVENTS if isinstance(one, Batch.RecordsDeleted))
    message = encode(event, "bulkdelete.events")
    received = Received(
        "t", 0, 0, message.key, message.body, tuple((k, v.encode()) for k, v in message.headers.items())
    )

    assert message.headers["ce_subject"] == event.operation_id == (message.key or b"").decode()
    assert message.headers["ce_id"].startswith(str(event.originator_id))
    assert is_of_a_batch(received)
    assert str(subject(received)) == event.operation_id


def test_a_newer_version_of_an_event_says_so_and_an_older_one_is_brought_up_to_date(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = next(one for one in EVENTS if isinstance(one, Operation.Started))
    old = encode(event, "t")

    def upcast(state: dict[str, Any]) -> None:
        state["cut_off"] = "later"

    monkeypatch.setattr(Operation.Started, "class_version", 3, raising=False)
    monkeypatch.setattr(Operation.Started, "upcast_v2_v3", staticmethod(upcast), raising=False)

    assert encode(event, "t").headers["ce_dataversion"] == "3"
    assert vars(decode(old.headers, old.body))["cut_off"] == "later"


@pytest.mark.parametrize(
    ("header", "value"),
    [("ce_type", "bulkdelete.os.system"), ("ce_id", "x/y"), ("ce_time", "now"), ("ce_type", None)],
)
def test_what_is_no_event_of_ours_is_a_value_error(header: str, value: str | None) -> None:
    message = encode(EVENTS[0], "t")
    headers = {**message.headers, header: value} if value else {k: v for k, v in message.headers.items() if k != header}

    with pytest.raises(ValueError):  # noqa: PT011
        decode(headers, message.body)


def test_no_time_or_identity_is_lost() -> None:
    event = Operation.Paused(originator_id=uuid4(), originator_version=7, timestamp=datetime(2026, 1, 2, tzinfo=UTC))

    message = encode(event, "t")

    assert message.body == b"{}"
    assert decode(message.headers, message.body) == event
