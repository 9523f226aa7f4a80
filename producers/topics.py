"""The topics: names, partitions, retention; declared by us where we may, compared where others own them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from bulkdelete.producers.connection import LARGEST_RECORD, KafkaConnection, started

FOR_GOOD = -1
TICKS_MS = 3_600_000
"""What time it was an hour ago interests nobody."""


@dataclass(frozen=True)
class TopicPlan:
    """One topic as it should be."""

    name: str
    partitions: int
    retention_ms: int = FOR_GOOD

    def configs(self) -> dict[str, str]:
        """What is set on the topic itself."""
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(self.retention_ms),
            "retention.bytes": "-1",
            "max.message.bytes": str(LARGEST_RECORD),
        }


@dataclass(frozen=True)
class Topics:
    """The topics under one prefix. Their names are durable."""

    prefix: str = "bulkdelete"
    partitions: int = 6
    work_partitions: int = 24
    retention_ms: int = 7 * 24 * 3600 * 1000

    def name(self, topic: str) -> str:
        """`commands` → `bulkdelete.commands`."""
        return f"{self.prefix}.{topic}"

    def plans(self) -> list[TopicPlan]:
        """All topics. Commands and events are what an audit reads years later; the rest only carries."""
        return [
            TopicPlan(self.name("commands"), self.partitions),
            TopicPlan(self.name("work"), self.work_partitions, self.retention_ms),
            TopicPlan(self.name("outcomes"), self.partitions, self.retention_ms),
            TopicPlan(self.name("events"), self.partitions),
            TopicPlan(self.name("ticks"), 1, TICKS_MS),
            TopicPlan(self.name("rejected"), 1, self.retention_ms),
        ]


@dataclass
class Declaration:
    """What came of declaring: topics that are missing still, and what is not as planned."""

    missing: dict[str, str] = field(default_factory=dict)
    """Topic → why it could not be made."""
    remarks: list[str] = field(default_factory=list)


async def existing_topics(connection: KafkaConnection) -> dict[str, int]:
    """The topics there are, and their partitions. Raises KafkaError where Kafka is away."""
    admin = AIOKafkaAdminClient(**connection.arguments(), request_timeout_ms=10_000)
    try:
        await started(admin.start())
        return await partitions(admin)
    finally:
        await admin.close()


async def partitions(admin: Any) -> dict[str, int]:
    """All topics: asking for a missing one by name may create it with the broker's defaults."""
    return {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}


async def declare(
    connection: KafkaConnection, plans: Iterable[TopicPlan], replication_factor: int = 1, *, create: bool = True
) -> Declaration:
    """Make the topics that are missing, compare the others. Raises KafkaError where Kafka is away."""
    admin = AIOKafkaAdminClient(**connection.arguments(), request_timeout_ms=10_000)
    found = Declaration()
    try:
        await started(admin.start())
        existing = await partitions(admin)
        wanted = {plan.name: plan for plan in plans}
        missing = [plan for name, plan in wanted.items() if name not in existing]
        if missing and create:
            found.missing = await make(admin, missing, replication_factor)
        else:
            found.missing = {plan.name: "operators own the topics" for plan in missing}
        present = [plan for name, plan in wanted.items() if name in existing]
        found.remarks = compare(present, existing) + await compare_configs(admin, present)
    finally:
        await admin.close()
    return found


async def make(admin: Any, plans: list[TopicPlan], replication_factor: int) -> dict[str, str]:
    """Create topics; returns those that could not be created, with the reason."""
    new = [NewTopic(plan.name, plan.partitions, replication_factor, topic_configs=plan.configs()) for plan in plans]
    answer = await admin.create_topics(new)
    failed = {}
    for one in answer.to_object()["topic_errors"]:
        error = for_code(one["error_code"])
        if one["error_code"] and error is not TopicAlreadyExistsError:
            failed[one["topic"]] = f"{error.__name__}: {one.get('error_message') or error.description}"
    return failed


def compare(plans: list[TopicPlan], existing: dict[str, int]) -> list[str]:
    """Where the partitions of what exists are not as planned."""
    return [
        f"topic {plan.name} has {existing[plan.name]} partitions, {plan.partitions} are set; it is used as it is"
        for plan in plans
        if existing[plan.name] != plan.partitions
    ]


async def compare_configs(admin: Any, plans: list[TopicPlan]) -> list[str]:
    """Where retention or size of what exists are not as planned. Not being allowed to ask is no reason to stop."""
    if not plans:
        return []
    resources = [ConfigResource(ConfigResourceType.TOPIC, plan.name) for plan in plans]
    try:
        answers = await admin.describe_configs(resources)
    except KafkaError:
        return []
    remarks = []
    planned = {plan.name: plan for plan in plans}
    for answer in answers:
        for one in answer.to_object()["resources"]:
            values = {entry["config_names"]: entry["config_value"] for entry in one["config_entries"]}
            remarks += differences(planned[one["resource_name"]], values)
    return remarks


def differences(plan: TopicPlan, values: dict[str, str]) -> list[str]:
    """What may lose messages or refuse them."""
    remarks = []
    kept = int(values.get("retention.ms", plan.retention_ms))
    if kept != FOR_GOOD and (plan.retention_ms == FOR_GOOD or kept < plan.retention_ms):
        wanted = "for good" if plan.retention_ms == FOR_GOOD else f"{plan.retention_ms} ms"
        remarks.append(f"topic {plan.name} keeps messages {kept} ms, {wanted} is set (retention.ms)")
    if int(values.get("max.message.bytes", LARGEST_RECORD)) < LARGEST_RECORD:
        remarks.append(f"topic {plan.name} takes less than {LARGEST_RECORD} bytes a message (max.message.bytes)")
    return remarks
