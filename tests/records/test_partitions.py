"""Foreign keys that partitions of PostgreSQL have by themselves (found with Pagila, whose payments have such)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from tests.records.databases import PostgreSQLDatabase
from tests.records.sessions import Session, account, session_on

pytestmark = pytest.mark.postgresql


@pytest.fixture
def database(postgresql_database: PostgreSQLDatabase) -> PostgreSQLDatabase:
    return postgresql_database


@pytest.fixture
def session(database: PostgreSQLDatabase) -> Iterator[Session]:
    with session_on(database) as session:
        yield session


PARTITIONED = """
    CREATE TABLE c (id integer PRIMARY KEY, n integer);
    CREATE TABLE k (id integer, c_id integer, PRIMARY KEY (id)) PARTITION BY RANGE (id);
    CREATE TABLE k1 PARTITION OF k FOR VALUES FROM (0) TO (1000);
    CREATE TABLE k2 PARTITION OF k FOR VALUES FROM (1000) TO (2000);
    INSERT INTO c SELECT i, i % 2 FROM generate_series(1, 100) i;
"""


def test_a_foreign_key_of_one_partition_keeps_records(database: PostgreSQLDatabase, session: Session) -> None:
    database.script(
        PARTITIONED
        + """
        ALTER TABLE k1 ADD FOREIGN KEY (c_id) REFERENCES c (id);
        INSERT INTO k SELECT i, i FROM generate_series(1, 10) i;
        INSERT INTO k SELECT 1000 + i, 20 + i FROM generate_series(1, 10) i;
    """
    )
    before = database.state()

    ended = session.run(Query("c").where(n=1))

    account(database, before, ended)
    assert (ended.summary["deleted"], ended.summary["failed"]) == (45, 5)
    assert {one["blocking_entity"] for one in ended.failures} == {"k1"}


def test_it_is_the_whole_table_that_goes_first(database: PostgreSQLDatabase, session: Session) -> None:
    database.script(
        PARTITIONED
        + """
        ALTER TABLE k1 ADD FOREIGN KEY (c_id) REFERENCES c (id);
        INSERT INTO k SELECT i, i FROM generate_series(1, 10) i;
    """
    )

    ended = session.run(Query("c").all_records(), Query("k").all_records())

    assert (ended.summary["deleted"], ended.summary["failed"]) == (110, 0)


def test_a_partition_takes_its_records_and_theirs_along(database: PostgreSQLDatabase, session: Session) -> None:
    database.script(
        PARTITIONED
        + """
        ALTER TABLE k1 ADD FOREIGN KEY (c_id) REFERENCES c (id) ON DELETE CASCADE;
        CREATE TABLE l (id integer PRIMARY KEY, k_id integer REFERENCES k (id) ON DELETE CASCADE);
        INSERT INTO k SELECT i, i FROM generate_series(1, 10) i;
        INSERT INTO k SELECT 1000 + i, i FROM generate_series(1, 10) i;
        INSERT INTO l SELECT i, i FROM generate_series(1, 10) i; INSERT INTO l VALUES (11, 1001);
    """
    )

    ended = session.run(Query("c").where(n=1))

    assert (ended.summary["deleted"], ended.summary["failed"]) == (50, 0)
    assert {entity: sorted(ids) for entity, ids in ended.cascaded.items()} == {
        "k1": ["1", "3", "5", "7", "9"],
        "l": ["1", "3", "5", "7", "9"],
    }
    assert (database.count("k"), database.count("l")) == (15, 6)


def test_what_refers_to_one_partition_by_the_whole_key(database: PostgreSQLDatabase, session: Session) -> None:
    database.script(
        PARTITIONED
        + """
        CREATE TABLE l (id integer PRIMARY KEY, k_id integer REFERENCES k1 (id) ON DELETE CASCADE);
        INSERT INTO k SELECT i, i FROM generate_series(1, 10) i; INSERT INTO k VALUES (1001, 1);
        INSERT INTO l SELECT i, i FROM generate_series(1, 5) i;
    """
    )
    before = database.state()

    ended = session.run(Query("k").all_records())

    account(database, before, ended)
    assert ended.summary["deleted"] == 11
    assert database.count("l") == 0


@pytest.mark.parametrize(
    ("script", "entity", "said"),
    [
        ("CREATE UNIQUE INDEX u ON k1 (c_id); CREATE TABLE l (id integer PRIMARY KEY, of integer REFERENCES k1 (c_id))",
         "k", 'refers to "k1" alone, a partition of "k"'),
        ("ALTER TABLE k ADD FOREIGN KEY (c_id) REFERENCES c (id) ON DELETE CASCADE",
         "k1", '"k1" is a partition of "k": name "k"'),
        ("ALTER TABLE k ADD d integer REFERENCES c (id) ON DELETE CASCADE;"
         "ALTER TABLE k1 ADD FOREIGN KEY (c_id) REFERENCES c (id) ON DELETE CASCADE",
         "c", 'a deletion takes records of "k1" along, and of "k"'),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused(
    database: PostgreSQLDatabase, session: Session, script: str, entity: str, said: str
) -> None:
    database.script(PARTITIONED + script)

    with pytest.raises(InvalidJobError) as refused:
        session.target.check(Job.read({"name": "x", "queries": [Query(entity).all_records()]}))

    assert said in str(refused.value)
