"""The AsyncAPI document: made by FastStream from the very handlers that are mounted."""

from __future__ import annotations

import asyncio
import json
from importlib.metadata import version
from typing import Any

from faststream import FastStream
from faststream.specification import AsyncAPI

from bulkdelete.consumers.routes import Role
from bulkdelete.domain.application import BulkDeletes
from bulkdelete.domain.rejection import Rejection
from bulkdelete.producers.connection import KafkaConnection
from bulkdelete.producers.events import SOURCE
from bulkdelete.producers.topics import Topics
from bulkdelete.service.kafka.broker import make_broker
from bulkdelete.service.kafka.event_models import event_models
from bulkdelete.service.kafka.mounting import mount_routes
from bulkdelete.service.kafka.outbox import Outbox
from bulkdelete.service.kafka.parts import Parts
from bulkdelete.service.kafka.shell import Shell

DESCRIPTION = """Governed bulk deletion of database records, event-sourced.

Publish commands, follow events; `work` and `outcomes` are the service's own. Every message is at most 768 KiB of JSON,
its key the operation's id (`work`: operation and unit). A message that can never work is set aside on `rejected`."""


def document() -> dict[str, Any]:
    """The document as JSON data; the same from the same code."""
    topics = Topics()
    broker = make_broker(KafkaConnection("localhost:9092"))
    with BulkDeletes() as application:
        shell = Shell(Outbox(broker, lambda: broker), topics.name("rejected"), asyncio.Event())
        mount_routes(broker, topics, frozenset(Role), Parts(application, ()), shell, lambda: None, workers=1)
    broker.publisher(
        topics.name("rejected"), title="rejected", schema=Rejection,
        description="Messages that can never work, with the reason; key and headers are the original's.",
    )  # fmt: skip
    specification = AsyncAPI(
        title="bulkdelete", version=version("bulkdelete"), description=DESCRIPTION, schema_version="3.0.0",
        license={"name": "Apache-2.0"},
    )  # fmt: skip
    app = FastStream(broker, specification=specification)
    found: dict[str, Any] = json.loads(app.schema.to_specification().to_json())
    describe_events(found)
    take_out_of_batches(found)
    return found


def describe_events(found: dict[str, Any]) -> None:
    """Say what FastStream has no words for: the headers of a CloudEvent."""
    event = found["components"]["messages"]["events:SubscribeMessage"]
    event["title"] = "An event, as a CloudEvent in binary mode"
    event["headers"] = cloud_event_headers()
    for message in found["components"]["messages"].values():
        message.pop("correlationId", None)
        message["contentType"] = "application/json"


def take_out_of_batches(found: dict[str, Any]) -> None:
    """A handler may take many messages at once; a message is one."""
    schemas = found["components"]["schemas"]
    for name, schema in schemas.items():
        if schema.get("type") == "array" and "items" in schema:
            schemas[name] = {"title": name, **schema["items"]}


def cloud_event_headers() -> dict[str, Any]:
    """The schema of an event's headers."""
    texts: dict[str, dict[str, Any]] = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"description": "The stream's id and the event's version: the event's identity."},
        "ce_type": {"enum": list(event_models())},
        "ce_source": {"const": SOURCE},
        "ce_subject": {"format": "uuid", "description": "The operation's id."},
        "ce_time": {"format": "date-time", "description": "When it was recorded, in UTC."},
        "ce_dataversion": {"description": "The version of the data's fields; absent: 1."},
        "content-type": {"const": "application/json"},
    }
    properties = {name: {"type": "string", **more} for name, more in texts.items()}
    return {"type": "object", "properties": properties, "required": sorted(set(texts) - {"ce_dataversion"})}
