"""Savepoints: what all the databases do alike."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


class Savepoints:
    """A savepoint for a block, in a transaction that may have ended by the time the block fails."""

    @abstractmethod
    def is_alive(self, connection: sa.Connection) -> bool:
        """Whether the transaction still lives after an error."""

    @contextmanager
    def savepoint(self, connection: sa.Connection) -> Iterator[None]:
        """Rolled back to where the block raises: a failed statement may leave what it did before (SQLite's FAIL)."""
        connection.exec_driver_sql("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            if self.is_alive(connection):
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT attempt")
                connection.exec_driver_sql("RELEASE SAVEPOINT attempt")
            raise
        connection.exec_driver_sql("RELEASE SAVEPOINT attempt")
