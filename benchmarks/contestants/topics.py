"""Topics of a run that has ended do not stay behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from bulkdelete.producers.topics import Topics


@contextmanager
def removed_topics(address: str, prefix: str) -> Iterator[None]:
    """Remove the topics of this prefix afterwards."""
    try:
        yield
    finally:
        with suppress(KafkaError):
            asyncio.run(remove(address, [plan.name for plan in Topics(prefix).plans()]))


async def remove(address: str, names: list[str]) -> None:
    """Remove topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.delete_topics(names)
    finally:
        await admin.close()
