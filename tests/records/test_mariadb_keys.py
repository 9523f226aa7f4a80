"""Keys of every kind that MariaDB and MySQL have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bulkdelete.domain.query_builder import Query
from tests.records.databases import MariaDBDatabase
from tests.records.kinds_of_server import MARIADB_AND_MYSQL
from tests.records.sessions import Session, account, session_on


@pytest.fixture(params=MARIADB_AND_MYSQL)
def database(request: pytest.FixtureRequest) -> MariaDBDatabase:
    found: MariaDBDatabase = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def session(database: MariaDBDatabase) -> Iterator[Session]:
    with session_on(database) as session:
        yield session


KEYS = {
    "unsigned": ("bigint unsigned", ["0", "1", "18446744073709551615"], ["0", "1", "18446744073709551615"]),
    "small unsigned": ("int unsigned zerofill", ["7", "4294967295"], ["0000000007", "4294967295"]),
    "binary": ("binary(16)", ["x'00'", "x'ff00ff'", "x'6162636465666768696a6b6c6d6e6f70'"],
               ["00" * 16, "ff00ff" + "00" * 13, "6162636465666768696a6b6c6d6e6f70"]),
    "varbinary": ("varbinary(20)", ["''", "x'00'", "x'0001'"], ["", "00", "0001"]),
    "char": ("char(36) charset ascii", ["'6ab5f6a0-0000-4000-8000-000000000001'", "'x'"],
             ["6ab5f6a0-0000-4000-8000-000000000001", "x"]),
    "enum": ("enum('b','a','100%','it''s')", ["'a'", "'100%'", "'it''s'"], ["a", "100%", "it's"]),
    "insensitive": ("varchar(40) collate utf8mb4_general_ci", ["'Äpfel'", "'birnen'", "'ß'"], ["Äpfel", "birnen", "ß"]),
    "latin": ("varchar(40) charset latin1", ["'Äpfel'", "'birnen'"], ["Äpfel", "birnen"]),
    "decimal": ("decimal(30,4)", ["1.5", "-99999999999999999999.0001"], ["1.5000", "-99999999999999999999.0001"]),
    "timestamp": ("timestamp(3) not null", ["'2024-01-31 13:00:00.25'"], ["2024-01-31 13:00:00.250"]),
    "bits": ("bit(20)", ["0", "1", "500", "1048575"], ["0", "1", "500", "1048575"]),
    "64 bits": ("bit(64)", ["0", "18446744073709551615"], ["0", "18446744073709551615"]),
    "long text": ("varchar(700)", ["'" + "x" * 700 + "'", "'y'"], ["x" * 700, "y"]),
}  # fmt: skip


@pytest.mark.parametrize("how", ["alone", "with children", "blocked"])
@pytest.mark.parametrize("name", KEYS)
def test_every_kind_of_key(database: MariaDBDatabase, session: Session, name: str, how: str) -> None:
    kind, values, told = KEYS[name]
    rule = {"alone": None, "with children": "CASCADE", "blocked": "RESTRICT"}[how]
    database.script(f"CREATE TABLE r (k {kind} PRIMARY KEY, n integer)")
    database.script(f"INSERT INTO r VALUES {', '.join(f'({one}, 1)' for one in values)}")
    if rule:
        database.script(f"""
            CREATE TABLE c (id integer auto_increment PRIMARY KEY, k {kind},
                            FOREIGN KEY (k) REFERENCES r (k) ON DELETE {rule});
            INSERT INTO c (k) SELECT k FROM r;
        """)
    before = database.state()

    ended = session.run(Query("r").where(n=1))

    account(database, before, ended)
    if how == "blocked":
        assert sorted(one["record"] for one in ended.failures) == sorted(told)
    else:
        assert sorted(map(str, ended.deleted["r"])) == sorted(told)
        assert ended.summary["cascaded"] == ({"c": len(values)} if rule else {})
