"""The rows of `halts`: every time that all operations were halted at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from bulkdelete.domain.brake import Brake
from bulkdelete.projections.operations import utc
from bulkdelete.projections.recorded import RecordedEvent


def write_halts(connection: duckdb.DuckDBPyConnection, sql: Mapping[str, str], events: Iterable[RecordedEvent]) -> None:
    """Note that everything was halted, or released."""
    for event in events:
        match event.topic:
            case Brake.Halted.TOPIC:
                said = {name: event.data[name] for name in ("requested_by", "reason")}
                connection.execute(sql["halt"], {"at": utc(event.timestamp), **said})
            case Brake.Released.TOPIC:
                connection.execute(
                    sql["release"], {"at": utc(event.timestamp), "requested_by": event.data["requested_by"]}
                )
