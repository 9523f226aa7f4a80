"""How much room an SQLite table takes, and what deleting from it costs."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.extent import Costs, Extent

COSTS = Costs(
    read=1.2e-6, direct=7e-6, careful=25e-6, index=6e-6, log=0, log_index=60, log_page=4096, page=4096,
    log_name="write-ahead log beside the file",
    growth="the file does not shrink: VACUUM gives the room back, and makes it anew",
)  # fmt: skip
"""The log takes each page whole; it is copied into the file and begun anew every few batches."""

SAMPLE = 1_000
"""Records whose width is looked at."""
ENTRY = 20
"""Bytes of an entry of an index."""


def extent_of(connection: sa.Connection, entity: Entity, records: int) -> Extent:
    """By the width of some records; at most what the file has."""
    columns = [sa.func.coalesce(sa.func.length(sa.cast(one, sa.BLOB)), 0) + 1 for one in entity.table.columns]
    width = sum(columns[1:], start=columns[0])
    some = sa.select(width.label("width")).select_from(entity.table).limit(SAMPLE).subquery()
    mean = float(connection.execute(sa.select(sa.func.avg(some.c.width))).scalar() or 0.0) + 4
    named = sa.text("SELECT count(*) FROM pragma_index_list(:t) WHERE origin <> 'pk'")
    indexes = int(connection.execute(named, {"t": entity.table.name}).scalar_one())
    size = connection.execute(
        sa.text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    ).scalar_one()
    return Extent(records, min(size, round(records * mean * 1.1)), min(size, records * indexes * ENTRY), indexes)
