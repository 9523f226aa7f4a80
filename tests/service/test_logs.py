"""Logs: one JSON object a line, or a line for people; libraries do not flood them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from bulkdelete.service import logs


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, own = root.handlers[:], root.level, logs.OWN.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logs.OWN.setLevel(own)


def test_a_line_is_a_sentence_and_fields() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)

    logging.getLogger("bulkdelete.relay").info("Leads from %d", 7, extra={"action": "relay_leads", "position": 7})

    found = json.loads(stream.getvalue())
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "INFO", "logger": "bulkdelete.relay", "message": "Leads from 7", "action": "relay_leads", "position": 7
    }  # fmt: skip


def test_a_line_for_people() -> None:
    stream = io.StringIO()
    logs.configure(form="text", stream=stream)

    logging.getLogger("bulkdelete.relay").warning("Waiting", extra={"action": "relay_waits"})

    assert stream.getvalue().split(maxsplit=1)[1] == "warning Waiting   action=relay_waits\n"


def test_a_library_says_the_same_once_in_a_while() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)
    library = logging.getLogger("aiokafka.test")

    for node in range(100):
        library.error("Unable to connect to node %d", node)
    library.info("not told")

    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["Unable to connect to node 0"]
