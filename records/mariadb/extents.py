"""How much room a MariaDB or MySQL table takes, and what deleting from it costs."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity
from bulkdelete.records.extent import Costs, Extent

COSTS = Costs(
    read=1.5e-6, direct=9e-6, careful=45e-6, index=8e-6, log=200, log_index=45, log_page=0, page=16384,
    log_name="redo log (undo and purge in it)",
    growth="the file of the table does not shrink: OPTIMIZE TABLE gives the room back, and makes it anew",
)  # fmt: skip
"""Each record is marked, kept as undo, and purged; so is its entry in every index."""

EXTENT = """
SELECT TABLE_ROWS AS records, DATA_LENGTH AS data, INDEX_LENGTH AS indexes, (
  SELECT count(DISTINCT INDEX_NAME) FROM information_schema.STATISTICS
  WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name AND INDEX_NAME <> 'PRIMARY') AS more
FROM information_schema.TABLES WHERE TABLE_SCHEMA = :db AND TABLE_NAME = :name
"""


def extent_of(connection: sa.Connection, entity: Entity) -> Extent:
    """By the server's own statistics; nothing of a table that we may not see."""
    place = {"db": entity.physical["db"], "name": entity.table.name}
    row = connection.execute(sa.text(EXTENT), place).one_or_none()
    return Extent(row.records or 0, row.data or 0, row.indexes or 0, row.more) if row else Extent(0, 0, 0, 0)
