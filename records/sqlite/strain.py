"""SQLite: a file tells nothing of how it suffers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from bulkdelete.records.measures import Measure


class SQLiteStrain:
    """There is no server to ask; the operator's own query can be."""

    def measures(self, _connection: sa.Connection, _replicas: Sequence[sa.Engine]) -> Iterator[Measure]:
        """Nothing."""
        return iter(())
