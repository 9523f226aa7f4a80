"""Which partition a key has."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka.partitioner import murmur2


def partition_of(key: bytes, partitions: Iterable[int]) -> int:
    """The partition that our producers choose for a key: Kafka's own way, as its Java clients."""
    ordered = sorted(partitions)
    hashed: int = murmur2(key)
    return ordered[(hashed & 0x7FFFFFFF) % len(ordered)]
