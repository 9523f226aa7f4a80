"""Tables without a primary key whose records a unique key tells apart, as old schemas have them."""

from __future__ import annotations

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.job import Job
from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database
from tests.records.sessions import Session

FILL = "INSERT INTO p SELECT 'c' || i, i % 2, i % 3 FROM {series}"


def fill(database: Database, *columns: str) -> None:
    """300 records with these definitions of columns and keys."""
    database.script(f"CREATE TABLE p ({', '.join(columns)})")
    statement = FILL.format(series=database.series(300))
    database.execute(statement if database.name != "mariadb" else statement.replace("'c' || i", "CONCAT('c', i)"))


def test_a_unique_key_tells_records_apart(database: Database, session: Session) -> None:
    fill(database, "code varchar(20) NOT NULL UNIQUE", "state integer", "n integer")
    database.script("""
        CREATE TABLE hold (code varchar(20) NOT NULL UNIQUE, p varchar(20), FOREIGN KEY (p) REFERENCES p (code));
        CREATE TABLE part (code varchar(20) NOT NULL UNIQUE, p varchar(20),
            FOREIGN KEY (p) REFERENCES p (code) ON DELETE CASCADE);
        INSERT INTO hold VALUES ('h', 'c3');
        INSERT INTO part VALUES ('one', 'c3'), ('two', 'c5'), ('three', 'c6');
    """)

    ended = session.run(Query("p").where(state=1))

    assert set(ended.deleted["p"]) == {f"c{i}" for i in range(1, 300, 2)} - {"c3"}
    assert ended.cascaded == {"part": ["two"]}
    assert (ended.failed("c3")["blocking_entity"], ended.failed("c3")["blocking_sample"]) == ("hold", ["h"])
    assert database.count("p") == 151


def test_of_several_the_shortest_that_is_never_null(database: Database, session: Session) -> None:
    fill(
        database, "code varchar(20)", "state integer NOT NULL", "n integer NOT NULL", "UNIQUE (code)",
        "UNIQUE (code, state, n)",
    )  # fmt: skip
    job = Job.read({"name": "x", "queries": [Query("p").where(state=1)]})
    with pytest.raises(InvalidJobError, match="nor a unique key that is never null"):
        session.target.check(job)

    database.script(
        "CREATE TABLE q (a integer NOT NULL, b integer NOT NULL, c integer NOT NULL, UNIQUE (c, a, b), UNIQUE (b, a))"
    )
    database.execute("INSERT INTO q VALUES (1, 2, 3), (1, 3, 3), (4, 2, 3)")
    ended = session.run(Query("q").where(a=1))

    assert set(ended.deleted["q"]) == {("2", "1"), ("3", "1")}


def test_a_unique_index_over_a_part_tells_nothing(database: Database, session: Session) -> None:
    database.script("CREATE TABLE p (code varchar(20) NOT NULL, state integer)")
    partly = {
        "mariadb": "CREATE UNIQUE INDEX partly ON p (code(2))",
        "postgresql": """
            CREATE UNIQUE INDEX partly ON p (code) WHERE state = 1; CREATE UNIQUE INDEX low ON p (lower(code));
            ALTER TABLE p ADD UNIQUE (code) DEFERRABLE;
        """,
        "sqlite": "CREATE UNIQUE INDEX partly ON p (code) WHERE state = 1; CREATE UNIQUE INDEX low ON p (lower(code))",
    }  # fmt: skip
    database.script(partly[database.name])

    with pytest.raises(InvalidJobError, match="no primary key, nor a unique key"):
        session.target.check(Job.read({"name": "x", "queries": [Query("p").where(state=1)]}))
