"""How much room a PostgreSQL table takes, and what deleting from it costs."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.extent import Costs, Extent

COSTS = Costs(
    read=0.7e-6, direct=2.5e-6, careful=40e-6, index=0.0, log=60, log_index=0, log_page=8192, log_name="WAL",
    growth="the file of the table does not shrink: VACUUM FULL gives the room back, and locks the table meanwhile",
)  # fmt: skip
"""Indexes are left alone until VACUUM; after a checkpoint the log takes each page whole when it is first written."""

EXTENT = """
WITH RECURSIVE tree(oid) AS (
  SELECT CAST(:oid AS oid) UNION ALL SELECT i.inhrelid FROM pg_inherits i JOIN tree ON tree.oid = i.inhparent
)
SELECT CAST(sum(greatest(c.reltuples, 0)) AS bigint) AS records, CAST(sum(pg_table_size(c.oid)) AS bigint) AS data,
       CAST(sum(pg_indexes_size(c.oid)) AS bigint) AS indexes,
       (SELECT count(*) FROM pg_index WHERE indrelid = CAST(:oid AS oid) AND NOT indisprimary) AS more
FROM tree JOIN pg_class c ON c.oid = tree.oid WHERE c.relkind IN ('r', 'p')
"""
"""With its partitions, and the tables that inherit from it."""
UNKNOWN_WIDTH = 100
"""Bytes of a record of a table that was never analysed."""


def extent_of(connection: sa.Connection, entity: Entity) -> Extent:
    """By `pg_class` and the sizes of the files."""
    row = connection.execute(sa.text(EXTENT), {"oid": int(entity.physical["oid"])}).one()
    records = row.records or (row.data // UNKNOWN_WIDTH)
    return Extent(records, row.data, row.indexes, row.more)
