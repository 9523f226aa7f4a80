"""Logs: a sentence for people, fields for machines, one line a fact, on stderr."""

from __future__ import annotations

import logging
import sys
import time
from datetime import UTC, datetime
from typing import IO, Literal

from pythonjsonlogger.json import JsonFormatter

OWN = logging.getLogger("bulkdelete")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
REPEAT_AFTER = 30.0
"""Seconds in which a library's line is written once: without its broker, aiokafka says so ten times a second."""


class JsonLines(JsonFormatter):
    """One JSON object a line; instants are RFC 3339 in UTC."""

    def __init__(self) -> None:
        names = {"levelname": "level", "name": "logger"}
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields={**names, "asctime": "time"})

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """RFC 3339 in UTC."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TextLines(logging.Formatter):
    """A line for people: time, sentence, and the fields behind it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S.%f")[:-3]
        fields = {name: value for name, value in vars(record).items() if name not in STANDARD and value is not None}
        text = f"{at} {record.levelname.lower():<7} {record.getMessage()}"
        if fields:
            text += "   " + " ".join(f"{name}={value}" for name, value in fields.items())
        return text + (f"\n{self.formatException(record.exc_info)}" if record.exc_info else "")


class Sparing(logging.Filter):
    """Lets a line pass once in a while, and says how many like it were left out."""

    def __init__(self, seconds: float = REPEAT_AFTER) -> None:
        super().__init__()
        self.seconds = seconds
        self.seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one passes."""
        if record.name.startswith("bulkdelete"):
            return True
        kind, now = f"{record.name}:{record.lineno}", time.monotonic()
        last, left_out = self.seen.get(kind, (0.0, 0))
        if last and now - last < self.seconds:
            self.seen[kind] = last, left_out + 1
            return False
        self.seen[kind] = now, 0
        if left_out:
            record.left_out = left_out
        return True


def configure(
    level: str = "INFO",
    form: Literal["json", "text"] = "json",
    stream: IO[str] | None = None,
    libraries: str = "WARNING",
) -> None:
    """Send every log to one stream; libraries only what went wrong."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    handler.addFilter(Sparing())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(libraries)
    OWN.setLevel(level)
