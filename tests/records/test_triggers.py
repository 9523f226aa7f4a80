"""Triggers of the target that raise, keep records silently, or delete softly: each record is accounted for."""

from __future__ import annotations

import pytest

from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database, PostgreSQLDatabase, SQLiteDatabase
from tests.records.sessions import Session, account, session_on

PARENT_AND_CHILD = """
    CREATE TABLE p (id integer PRIMARY KEY, n integer, gone integer DEFAULT 0);
    CREATE TABLE k (id integer PRIMARY KEY, p_id integer REFERENCES p (id) ON DELETE CASCADE);
"""


def fill(database: Database, records: int, *, children: bool = True) -> None:
    series = database.series(records)
    database.script(f"INSERT INTO p (id, n) SELECT i, i % 2 FROM {series}")
    if children:
        database.script(f"INSERT INTO k SELECT i, i FROM {series}; INSERT INTO k SELECT i + {records}, i FROM {series}")


def raise_on(database: Database, table: str, condition: str, how: str, action: str = "") -> None:
    """Make a trigger before deletion that does `how` where the condition holds."""
    if database.name == "sqlite":
        database.script(
            f"CREATE TRIGGER guard BEFORE DELETE ON {table} WHEN {condition} BEGIN {action} SELECT {how}; END;"
        )
        return
    if database.name == "mariadb":
        database.script(
            f"CREATE TRIGGER guard BEFORE DELETE ON {table} FOR EACH ROW "
            f"BEGIN IF {condition} THEN {action} {how}; END IF; END;"
        )
        return
    new_condition = condition.replace("old.", "OLD.")
    database.script(f"""
        CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF {new_condition} THEN {action} {how}; END IF; RETURN OLD; END $$;
        CREATE TRIGGER guard BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION guard();
    """)


RAISING = [
    ("sqlite", "RAISE(ABORT, 'protected')", "1811"),
    ("sqlite", "RAISE(FAIL, 'protected')", "1811"),
    ("sqlite", "RAISE(ROLLBACK, 'protected')", "1811"),
    ("postgresql", "RAISE EXCEPTION 'protected'", "P0001"),
    ("postgresql", "RAISE EXCEPTION 'protected' USING ERRCODE = '23514'", "23514"),
    ("postgresql", "RAISE EXCEPTION 'protected' USING ERRCODE = '40001'", "40001"),
    ("postgresql", "RAISE EXCEPTION 'protected' USING ERRCODE = '57014'", "57014"),
    ("postgresql", "RAISE EXCEPTION 'protected' USING ERRCODE = '55P03'", "55P03"),
    ("postgresql", "RAISE EXCEPTION 'protected' USING ERRCODE = '08006'", "08006"),
    ("mariadb", "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'protected'", "1644"),
    ("mariadb", "SIGNAL SQLSTATE '40001' SET MESSAGE_TEXT = 'protected', MYSQL_ERRNO = 1213", "1213"),
    ("mariadb", "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'protected', MYSQL_ERRNO = 1205", "1205"),
]
KEEPING = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
"""The databases whose triggers can keep a record without a word."""


def raising(database: Database, text: str) -> str:
    """How a trigger raises an error."""
    return {
        "sqlite": f"RAISE(ABORT, '{text}')",
        "postgresql": f"RAISE EXCEPTION '{text}'",
        "mariadb": f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{text}'",
    }[database.name]


@pytest.mark.parametrize("children", [False, True])
@pytest.mark.parametrize(("database", "how", "number"), RAISING, indirect=["database"])
def test_each_record_that_a_trigger_protects_fails(
    database: Database, session: Session, how: str, number: str, children: bool
) -> None:
    database.script(PARENT_AND_CHILD if children else PARENT_AND_CHILD.split(";", maxsplit=1)[0])
    fill(database, 60, children=children)
    raise_on(database, "p", "old.id % 20 = 7", how)
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    assert sorted(one["record"] for one in ended.failures) == ["27", "47", "7"]
    assert database.ids("p") == [7, 27, 47]
    assert {one["error_number"] for one in ended.failures} == {number}
    assert all("protected" in one["error_description"] for one in ended.failures)


@pytest.mark.parametrize("children", [False, True])
def test_half_of_the_records_raise(database: Database, session: Session, children: bool) -> None:
    database.script(PARENT_AND_CHILD if children else PARENT_AND_CHILD.split(";", maxsplit=1)[0])
    fill(database, 60, children=children)
    raise_on(database, "p", "old.n = 1", raising(database, "odd"))
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    assert (ended.summary["deleted"], ended.summary["failed"]) == (30, 30)


def test_a_trigger_on_a_cascaded_child_keeps_the_whole_root(database: Database, session: Session) -> None:
    database.script(PARENT_AND_CHILD)
    fill(database, 20)
    raise_on(database, "k", "old.id = 5", raising(database, "child"))
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    assert [one["record"] for one in ended.failures] == ["5"]
    assert ended.failed(5)["entity"] == "p"
    assert database.ids("k") == [5, 25]


@pytest.mark.parametrize("database", KEEPING, indirect=True)
@pytest.mark.parametrize("table", ["p", "k"])
def test_records_that_are_silently_kept_fail_and_their_children_stay(
    database: Database, session: Session, table: str
) -> None:
    database.script(PARENT_AND_CHILD)
    fill(database, 20)
    raise_on(database, table, "old.id = 5", {"sqlite": "RAISE(IGNORE)"}.get(database.name, "RETURN NULL"))
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    # SQLite finds a kept child itself, by the foreign key.
    number = "787" if (database.name, table) == ("sqlite", "k") else "skipped_by_trigger"
    assert [(one["record"], one["error_number"]) for one in ended.failures] == [("5", number)]
    assert database.ids("p") == [5]
    assert database.ids("k") == [5, 25]


@pytest.mark.parametrize("database", KEEPING, indirect=True)
def test_silently_kept_records_without_children(database: Database, session: Session) -> None:
    database.script(PARENT_AND_CHILD.split(";", maxsplit=1)[0])
    fill(database, 50, children=False)
    raise_on(database, "p", "old.n = 0", {"sqlite": "RAISE(IGNORE)"}.get(database.name, "RETURN NULL"))
    before = database.state()

    ended = session.run(Query("p").all_records())

    account(database, before, ended)
    assert (ended.summary["deleted"], ended.summary["failed"]) == (25, 25)
    assert {one["error_number"] for one in ended.failures} == {"skipped_by_trigger"}


@pytest.mark.parametrize("database", KEEPING, indirect=True)
@pytest.mark.parametrize("children", [False, True])
def test_soft_deletion_is_told_and_never_silence(database: Database, session: Session, children: bool) -> None:
    database.script(PARENT_AND_CHILD if children else PARENT_AND_CHILD.split(";", maxsplit=1)[0])
    fill(database, 10, children=children)
    raise_on(
        database, "p", "old.id > 0", {"sqlite": "RAISE(IGNORE)"}.get(database.name, "RETURN NULL"),
        "UPDATE p SET gone = 1 WHERE id = old.id;",
    )  # fmt: skip
    before = database.state()

    ended = session.run(Query("p").where(gone=0))

    account(database, before, ended)
    assert ended.summary["deleted"] == 0
    assert ended.summary["failed"] == 10
    assert {one["error_number"] for one in ended.failures} == {"skipped_by_trigger"}


def test_a_trigger_that_deletes_others_changes_no_count(database: Database, session: Session) -> None:
    database.script(PARENT_AND_CHILD.split(";", maxsplit=1)[0] + "; CREATE TABLE log (id integer PRIMARY KEY);")
    fill(database, 10, children=False)
    database.script("INSERT INTO log VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)")
    if database.name == "sqlite":
        database.script("CREATE TRIGGER also AFTER DELETE ON p BEGIN DELETE FROM log WHERE id = old.id; END;")
    elif database.name == "mariadb":
        database.script("CREATE TRIGGER also AFTER DELETE ON p FOR EACH ROW DELETE FROM log WHERE id = old.id")
    else:
        database.script("""
            CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN DELETE FROM log WHERE id = OLD.id; RETURN NULL; END $$;
            CREATE TRIGGER also AFTER DELETE ON p FOR EACH ROW EXECUTE FUNCTION also();
        """)

    ended = session.run(Query("p").where(n=1))

    assert sorted(ended.deleted["p"]) == ["1", "3", "5", "7", "9"]
    assert database.ids("log") == [2, 4, 6, 8, 10]


@pytest.mark.parametrize("database", KEEPING, indirect=True)
def test_a_trigger_that_deletes_a_neighbour_is_accounted(database: Database, session: Session) -> None:
    database.script(PARENT_AND_CHILD.split(";", maxsplit=1)[0])
    fill(database, 10, children=False)
    if database.name == "sqlite":
        database.script("CREATE TRIGGER also AFTER DELETE ON p BEGIN DELETE FROM p WHERE id = old.id + 1; END;")
    else:
        database.script("""
            CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN DELETE FROM p WHERE id = OLD.id + 1; RETURN NULL; END $$;
            CREATE TRIGGER also AFTER DELETE ON p FOR EACH ROW EXECUTE FUNCTION also();
        """)

    ended = session.run(Query("p").all_records())

    assert database.count("p") == 0
    assert sorted(map(int, map(str, ended.deleted["p"]))) == list(range(1, 11))


def test_kept_records_in_one_batch_with_raising_ones(sqlite_database: SQLiteDatabase) -> None:
    """Both at once: the raising ones by their error, the kept ones by their reason."""
    sqlite_database.script(PARENT_AND_CHILD)
    fill(sqlite_database, 20)
    sqlite_database.script("""
        CREATE TRIGGER keep BEFORE DELETE ON p WHEN old.id % 10 = 3 BEGIN SELECT RAISE(IGNORE); END;
        CREATE TRIGGER stop BEFORE DELETE ON p WHEN old.id % 10 = 6 BEGIN SELECT RAISE(ROLLBACK, 'no'); END;
    """)
    before = sqlite_database.state()
    with session_on(sqlite_database) as session:
        ended = session.run(Query("p").all_records())

    account(sqlite_database, before, ended)
    assert sqlite_database.ids("p") == [3, 6, 13, 16]


def test_disabled_triggers_do_nothing(postgresql_database: PostgreSQLDatabase) -> None:
    postgresql_database.script(PARENT_AND_CHILD)
    fill(postgresql_database, 10)
    raise_on(postgresql_database, "p", "old.id = 5", "RAISE EXCEPTION 'never'")
    postgresql_database.script("ALTER TABLE p DISABLE TRIGGER guard")
    before = postgresql_database.state()
    with session_on(postgresql_database) as session:
        ended = session.run(Query("p").all_records())

    account(postgresql_database, before, ended)
    assert ended.summary["deleted"] == 10
