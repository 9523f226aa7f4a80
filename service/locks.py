"""Locks of a state folder: which process drives an operation, or tells of its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from filelock import FileLock, Timeout

PROBED = 0.3
"""Seconds for which a lock may be held by who only asks whether another one holds it."""


@contextmanager
def held(folder: Path, identity: UUID, seconds: float = 0.0) -> Iterator[bool]:
    """Hold an operation or a notification against other processes; False where another one holds it so long."""
    locks = folder / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f"{identity}.lock")
    try:
        lock.acquire(timeout=seconds, poll_interval=0.02)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_held(folder: Path, identity: UUID) -> bool:
    """Whether a process holds it."""
    with held(folder, identity) as ours:
        return not ours
