"""MariaDB and MySQL: how much they suffer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bulkdelete.records.measures import Measure

RUNNING = "SHOW GLOBAL STATUS LIKE 'Threads_running'"
QUEUE = (
    "SELECT count(*) FROM information_schema.innodb_trx AS trx"
    " WHERE trx.trx_state = 'LOCK WAIT' AND trx.trx_mysql_thread_id <> connection_id()"
)
STATUS = ("SHOW ALL SLAVES STATUS", "SHOW REPLICA STATUS")
"""MariaDB, with all of its channels; MySQL."""
BEHIND = ("Seconds_Behind_Master", "Seconds_Behind_Source")
NEVER = float("inf")


class MariaDBStrain:
    """What tells that MariaDB suffers."""

    def measures(self, connection: sa.Connection, replicas: Sequence[sa.Engine]) -> Iterator[Measure]:
        """Running threads, the queue for locks, and how far the replicas that we were told of are behind."""
        running = int(connection.exec_driver_sql(RUNNING).one()[1])
        yield Measure("threads_running", running, f"{running:,} threads are running")
        try:
            waiting = int(connection.exec_driver_sql(QUEUE).scalar_one())
        except sa.exc.DBAPIError:
            waiting = 0  # without the privilege PROCESS nobody may know
        yield Measure("waiting_for_locks", waiting, f"{waiting:,} transactions wait for locks")
        for replica in replicas:
            yield lag(replica)


def lag(replica: sa.Engine) -> Measure:
    """How far a replica is behind; one that cannot be asked, or does not replicate, is so for ever."""
    where = f"{replica.url.host}:{replica.url.port or 3306}"
    try:
        with replica.connect() as connection:
            rows = replicating(connection)
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error))
        return Measure("replication_lag_seconds", NEVER, f"the replica {where} cannot be asked: {reason:.200}")
    found = [next((row[one] for one in BEHIND if one in row), None) for row in rows]
    if not found or None in found:
        return Measure("replication_lag_seconds", NEVER, f"the replica {where} does not replicate")
    behind = max(float(one) for one in found if one is not None)
    return Measure("replication_lag_seconds", behind, f"the replica {where} is {behind:,.0f} s behind")


def replicating(connection: sa.Connection) -> Sequence[Mapping[Any, Any]]:
    """What a replica says of its sources."""
    try:
        return connection.exec_driver_sql(STATUS[0]).mappings().all()
    except sa.exc.ProgrammingError:
        return connection.exec_driver_sql(STATUS[1]).mappings().all()
