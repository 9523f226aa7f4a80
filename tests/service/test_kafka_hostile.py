"""Whatever anybody publishes ends in `rejected` with its reason and place, and the next good command is carried out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from bulkdelete.domain.rejection import LARGEST_BODY, Rejection
from bulkdelete.service.kafka.received import Received
from tests.servers.kafka import Kafka
from tests.service.running import Running, as_json, facts, running, settings_for, sqlite_store, submit, until

pytestmark = pytest.mark.kafka

GOOD = as_json(submit())
KEY = GOOD["operation_id"].encode()


def changed(**fields: Any) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


def job(**fields: Any) -> bytes:
    return changed(job={**GOOD["job"], **fields})


HOSTILE: dict[str, tuple[bytes | None, bytes | None, str | None, str]] = {
    "binary garbage": (KEY, bytes(range(256)), None, "not JSON"),
    "text": (KEY, b"delete everything please", None, "not JSON"),
    "empty": (KEY, b"", None, "not JSON"),
    "tombstone": (KEY, None, None, "no body"),
    "a list": (KEY, b"[]", None, "one JSON object"),
    "deep": (KEY, b"[" * 100_000, None, "not JSON"),
    "deep and closed": (KEY, b'{"type":' * 5000 + b"1" + b"}" * 5000, None, ""),
    "not a number": (KEY, b'{"type": NaN}', None, "NaN is not JSON"),
    "a word twice": (KEY, changed()[:-1] + b', "job": {}}', "job", "twice"),
    "no type": (KEY, b"{}", "type", "SubmitBulkDelete"),
    "unknown type": (KEY, changed(type="DropDatabase"), "type", "DropDatabase"),
    "unknown word": (KEY, changed(force=True), "force", "unknown word"),
    "unknown word in the job": (KEY, job(Force=True), "job.Force", "unknown word"),
    "wrong type": (KEY, changed(command_id=12), "command_id", "12"),
    "operation id is a list": (KEY, changed(operation_id=["a"]), "operation_id", ""),
    "no principal": (KEY, changed(requested_by=""), "requested_by", "at least 1"),
    "principal of two lines": (KEY, changed(requested_by="a\nb"), "requested_by", "one line"),
    "half a character": (KEY, changed(requested_by="\ud800"), "requested_by", ""),
    "half a character in a value": (
        KEY,
        job(
            queries=[
                {
                    "EntityName": "incident",
                    "Criteria": {"Conditions": [{"AttributeName": "title", "Operator": "Equal", "Values": ["\ud800"]}]},
                }
            ]
        ),
        None,
        "",
    ),
    "no queries": (KEY, job(queries=[]), "job.queries", "at least 1"),
    "unknown database": (KEY, job(database="hr"), "job.database", "'hr' is no configured database; configured: crm"),
    "no database": (KEY, job(database=None), "job.database", "configured: crm"),
    "a connection string": (KEY, job(database="postgresql://a:b@c/d"), "job.database", "never carries"),
    "too large": (KEY, changed(requested_by="a" * 800_000), None, "bytes; at most"),
    "another's key": (str(uuid4()).encode(), changed(), "key", "must be the operation_id"),
    "a key of bytes": (b"\xff\x00", changed(), "key", "must be the operation_id"),
}


@pytest.fixture(scope="module")
def service(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = settings_for(kafka.address, sqlite_store(tmp_path_factory.mktemp("hostile")))
    with running(settings) as one:
        yield one


@pytest.fixture(scope="module")
def rejected(service: Running) -> dict[str, Received]:
    """All hostile messages at once, a good command behind them; every rejection, found by a header of the original."""
    for name, (key, body, _, _) in HOSTILE.items():
        headers = [("name", name.encode()), ("reply_to", b"nowhere"), ("garbage", b"\xff\xfe"), ("content-type", b"x")]
        service.publish("commands", (key, body), headers=headers)
    good = submit()
    service.command(good)
    assert facts(service.until_ended(good.operation_id)) == ("succeeded", 30, 0)
    until(lambda: len(service.rejections()) == len(HOSTILE))
    return {one.headers["name"]: one for one in service.messages("rejected")}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_is_rejected(name: str, service: Running, rejected: dict[str, Received]) -> None:
    key, body, field, reason = HOSTILE[name]

    found = Rejection.model_validate_json(rejected[name].body or b"")

    assert reason in found.reason
    assert field is None or found.field == field
    assert found.body == (body or b"").decode("utf-8", "backslashreplace")[:LARGEST_BODY]
    assert rejected[name].key == key
    assert rejected[name].headers["garbage"] == "\\xff\\xfe"
    assert found.topic == service.topic("commands")
    places = {(one.partition, one.offset): one.headers.get("name") for one in service.messages("commands")}
    assert places[found.partition or 0, found.offset or 0] == name


@pytest.mark.parametrize("topic", ["outcomes", "work", "events"])
def test_garbage_on_the_inner_topics_is_rejected(service: Running, topic: str) -> None:
    before = len(service.rejections())

    service.publish(topic, (b"k", b"garbage"), (None, b'{"type": "OpenFence"}'), (b"", None))

    until(lambda: len(service.rejections()) == before + 3)
    assert {one.topic for one in service.rejections()[before:]} == {service.topic(topic)}
    good = submit()
    service.command(good)
    assert service.until_ended(good.operation_id).status == "succeeded"


def test_an_outcome_of_an_unknown_operation_is_rejected(service: Running) -> None:
    before = len(service.rejections())
    operation_id = str(uuid4())
    unknown = {"type": "WorkReturned", "operation_id": operation_id, "epoch": 1, "reason": "away"}

    service.publish("outcomes", (operation_id.encode(), json.dumps(unknown).encode()))

    until(lambda: len(service.rejections()) == before + 1)
    assert "no operation" in service.rejections()[-1].reason
