"""The committed AsyncAPI document is the one that the code makes, and says what is on the topics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bulkdelete.producers.events import encode
from tests.producers.test_events import EVENTS
from tests.service.asyncapi import text

FILE = Path(__file__).parents[2] / "docs" / "asyncapi.json"


def test_the_committed_document_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "run `make asyncapi`"


def test_it_describes_every_topic_and_every_event() -> None:
    document: dict[str, Any] = json.loads(text())
    headers = document["components"]["messages"]["events:SubscribeMessage"]["headers"]

    addresses = {one["address"] for one in document["channels"].values()}
    assert addresses == {
        f"bulkdelete.{name}" for name in ("commands", "work", "outcomes", "events", "ticks", "rejected")
    }
    for event in EVENTS:
        message = encode(event, "bulkdelete.events")
        assert message.headers["ce_type"] in headers["properties"]["ce_type"]["enum"]
        assert set(headers["required"]) <= set(message.headers)
        schema = next(
            one for one in document["components"]["schemas"].values() if one.get("title") == message.headers["ce_type"]
        )
        assert list(json.loads(message.body)) == schema.get("required", [])
