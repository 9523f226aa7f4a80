"""Ctrl-C and SIGTERM while a run goes on."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from bulkdelete.service.cli.ending import INTERRUPTED


@contextlib.contextmanager
def interruptible(stopping: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop after the batch in hand; a second Ctrl-C stops at once (nothing is lost)."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(INTERRUPTED)
        stopping.set()

    previous = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in previous.items():
            signal.signal(one, handler)
