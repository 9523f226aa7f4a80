"""MySQL: as MariaDB, without its sequences and its uuid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar

from benchmarks import tables
from benchmarks.databases.database import Cursor
from benchmarks.databases.mariadb import WORDS, MariaDB


@dataclass(frozen=True)
class MySQL(MariaDB):
    """A MySQL server."""

    name: ClassVar[str] = "mysql"
    label: ClassVar[str] = "MySQL"
    words: ClassVar[tables.Words] = replace(
        WORDS,
        key_types={"integer": "bigint", "uuid": "char(36) CHARACTER SET ascii"},
        uuid="INSERT(INSERT(INSERT(INSERT(MD5(CONCAT('k', {n})), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-')",
        numbers="(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
        "SELECT n FROM numbers) AS numbers",
    )
    settings: ClassVar[tuple[str, ...]] = (
        "innodb_buffer_pool_size", "innodb_flush_log_at_trx_commit", "innodb_redo_log_capacity", "log_bin",
        "sync_binlog",
    )  # fmt: skip

    @contextmanager
    def connected(self, address: str) -> Iterator[Cursor]:
        """The same, where a query may count as far as it has to."""
        with super().connected(address) as cursor:
            cursor.execute("SET SESSION cte_max_recursion_depth = 100000000")
            yield cursor

    def settle(self) -> None:
        """The same; the list is cut by every purge, not by every 128th as is the default: else it never seems empty."""
        with self.connected(self.url) as cursor:
            cursor.execute("SET GLOBAL innodb_purge_rseg_truncate_frequency = 1")
        super().settle()
