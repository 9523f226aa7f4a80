"""PostgreSQL: how much it suffers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from bulkdelete.records.measures import Measure

LAG = "SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication"
"""Null where there is no replica, where all are level, and where the role may not see it (pg_monitor may)."""
QUEUE = (
    "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    " AND pid NOT IN (SELECT pid FROM pg_stat_activity WHERE application_name = 'bulkdelete')"
)


class PostgreSQLStrain:
    """What tells that PostgreSQL suffers."""

    def measures(self, connection: sa.Connection, _replicas: Sequence[sa.Engine]) -> Iterator[Measure]:
        """Replication lag and the queue for locks."""
        lag = connection.exec_driver_sql(LAG).scalar()
        if lag is not None:
            yield Measure("replication_lag_seconds", float(lag), f"a replica is {float(lag):,.1f} s behind")
        waiting = connection.exec_driver_sql(QUEUE).scalar_one()
        yield Measure("waiting_for_locks", waiting, f"{waiting:,} sessions wait for locks")
