"""Names of any spelling, and keys of every kind."""

from __future__ import annotations

import pytest

from bulkdelete.domain.query_builder import Query
from tests.records.databases import Database, PostgreSQLDatabase, SQLiteDatabase, quoted
from tests.records.sessions import Session, account, session_on

NAMES = [
    "Mixed Case", "select", "naïve ünïcode", 'quo"ted', "per%(x)s", "dot.ted", "colon:x", "a'b",
    "back\\slash", "back`tick", "-- comment", "{brace}", "q?mark", "x" * 60, "tab\tnew",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_of_any_spelling(database: Database, session: Session, name: str) -> None:
    name = name[:45] if database.name == "mariadb" else name  # it adds to a name to name the foreign key
    table, column, child = quoted(name), quoted(name + "c"[: 63 - len(name)]), quoted("k" + name[:50])
    database.script(f"""
        CREATE TABLE {table} ({column} integer PRIMARY KEY, {quoted("v" + name)} varchar(20));
        CREATE TABLE {child} ({quoted("i" + name)} integer PRIMARY KEY, {quoted("p" + name)} integer,
            CONSTRAINT {quoted("f" + name)} FOREIGN KEY ({quoted("p" + name)}) REFERENCES {table} ({column})
            ON DELETE CASCADE);
        CREATE TABLE {quoted("r" + name)} (id integer PRIMARY KEY, {quoted("p" + name)} integer
            REFERENCES {table} ({column}));
        CREATE TABLE {quoted("s" + name)} (id integer PRIMARY KEY, {quoted("p" + name)} integer
            REFERENCES {table} ({column}) ON DELETE SET NULL);
        INSERT INTO {table} VALUES (1, 'x'), (2, 'x'), (3, 'y');
        INSERT INTO {child} VALUES (1, 1), (2, 2), (3, 3);
        INSERT INTO {quoted("r" + name)} VALUES (1, 2);
        INSERT INTO {quoted("s" + name)} VALUES (1, 1), (2, 2);
    """)
    before = database.state()

    ended = session.run(Query(name).where("v" + name, "Like", "x%"))

    account(database, before, ended)
    assert ended.deleted == {name: ["1"]}
    assert ended.cascaded == {"k" + name[:50]: ["1"]}
    assert ended.failed(2)["blocking_entity"] == "r" + name
    assert ended.summary["unlinked"] == {"s" + name: 1}


@pytest.mark.parametrize("name", ["back`tick", "it's", 'quo"ted', "per%(x)s"])
def test_names_of_any_spelling_where_an_entity_refers_to_itself(
    database: Database, session: Session, name: str
) -> None:
    table = quoted(name)
    database.script(f"""
        CREATE TABLE {table} (id integer PRIMARY KEY, n integer, {quoted("r" + name)} integer
            REFERENCES {table} (id) ON DELETE SET NULL);
        INSERT INTO {table} VALUES (1, 1, NULL), (2, 1, 1), (3, 0, 2), (4, 0, NULL);
    """)
    before = database.state()

    ended = session.run(Query(name).where(n=1))

    account(database, before, ended)
    assert database.ids(table) == [3, 4]
    assert ended.summary["unlinked"] == {name: 1}


def test_names_of_another_case_mean_the_same(database: Database, session: Session) -> None:
    database.script('CREATE TABLE "Account" ("AccountId" integer PRIMARY KEY, "StateCode" integer);')
    database.script('INSERT INTO "Account" VALUES (1, 1), (2, 0)')

    ended = session.run(Query("account").where(statecode=1))

    assert list(ended.deleted.values()) == [["1"]]
    assert database.count('"Account"') == 1


KEYS = {
    "integer": ("integer", ["-5", "0", "7", "2147483647"]),
    "bigint": ("bigint", ["-9223372036854775808", "-1", "0", "9223372036854775807"]),
    "smallint": ("smallint", ["-32768", "1"]),
    "text": ("text", ["", "a", "it's", 'quo"ted', "ünï", "日本", "a\nb", "\\", "%_", "1", "01", "😀"]),
    "varchar": ("varchar(40)", ["a", "A", " a", "a "]),
    "uuid": ("uuid", ["00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffffff"]),
    "date": ("date", ["2024-01-31", "1999-12-31"]),
    "timestamp": ("timestamp", ["2024-01-31 13:00:00", "2024-01-31 13:00:00.000001"]),
    "numeric": ("numeric(20,2)", ["1.50", "-2.25", "100000000000.75"]),
    "boolean": ("boolean", ["true", "false"]),
    "double": ("double precision", ["0.5", "-1.25"]),
}


BYTEWISE = "varchar(90) COLLATE utf8mb4_nopad_bin"
MARIADB_KEYS = {
    "text": (BYTEWISE, KEYS["text"][1]),
    "varchar": (BYTEWISE, KEYS["varchar"][1]),
    "timestamp": ("datetime(6)", KEYS["timestamp"][1]),
}
"""A text cannot be a key there, and its usual collations find more texts equal."""


@pytest.mark.parametrize("blocked", [False, True])
@pytest.mark.parametrize("name", KEYS)
def test_every_kind_of_key(database: Database, session: Session, name: str, blocked: bool) -> None:
    kind, values = KEYS[name] if database.name != "mariadb" else MARIADB_KEYS.get(name, KEYS[name])
    database.script(f"CREATE TABLE r (k {kind} PRIMARY KEY, n integer);")
    if blocked:
        database.script(f"CREATE TABLE c (id integer PRIMARY KEY, r_k {kind} REFERENCES r (k));")
    for at, value in enumerate(values):
        stored = value.replace("'", "''")
        if database.name != "postgresql" and name == "boolean":
            stored = str(int(value == "true"))
        stored = stored.replace("\\", "\\\\") if database.name == "mariadb" else stored
        database.execute(f"INSERT INTO r VALUES ('{stored}', {at % 2})")
        if blocked and at % 2 == 0:
            database.execute(f"INSERT INTO c VALUES ({at}, '{stored}')")
    before = database.state()

    ended = session.run(Query("r").all_records())

    account(database, before, ended)
    assert ended.summary["queries"][0]["matched"] == len(values)
    assert len(ended.failures) == (len(values[::2]) if blocked else 0)


@pytest.mark.parametrize("blocked", [False, True])
def test_composite_keys(database: Database, session: Session, blocked: bool) -> None:
    database.script("""
        CREATE TABLE r (a varchar(20), b integer, c date, n integer, PRIMARY KEY (b, a, c));
        CREATE TABLE k (id integer PRIMARY KEY, a varchar(20), b integer, c date,
                        FOREIGN KEY (b, a, c) REFERENCES r (b, a, c));
    """)
    for at, text in enumerate(KEYS["text"][1]):
        database.execute("INSERT INTO r VALUES (?, ?, '2024-01-31', 1)", text, -at)
        if blocked and at % 3 == 0:
            database.execute("INSERT INTO k VALUES (?, ?, ?, '2024-01-31')", at, text, -at)
    before = database.state()

    ended = session.run(Query("r").where(n=1))

    account(database, before, ended)
    assert len(ended.failures) == (4 if blocked else 0)
    assert ("-2", "it's", "2024-01-31") in ended.deleted["r"]


SQLITE_KEYS = [
    ("without rowid", "CREATE TABLE r (k text PRIMARY KEY, n integer) WITHOUT ROWID"),
    ("without rowid, integer", "CREATE TABLE r (k integer PRIMARY KEY, n integer) WITHOUT ROWID"),
    ("INT is no rowid", "CREATE TABLE r (k INT PRIMARY KEY NOT NULL, n integer)"),
    ("descending", "CREATE TABLE r (k integer PRIMARY KEY DESC, n integer)"),
    ("strict", "CREATE TABLE r (k integer PRIMARY KEY, n integer) STRICT"),
    ("a column called rowid", "CREATE TABLE r (k integer PRIMARY KEY, n integer, rowid text)"),
    ("all names of the rowid", "CREATE TABLE r (k text PRIMARY KEY, n integer, rowid text, oid text, _rowid_ text)"),
    ("without affinity", "CREATE TABLE r (k PRIMARY KEY, n integer)"),
    ("autoincrement", "CREATE TABLE r (k integer PRIMARY KEY AUTOINCREMENT, n integer)"),
    ("nocase", "CREATE TABLE r (k text COLLATE NOCASE PRIMARY KEY, n integer)"),
    ("composite without rowid", "CREATE TABLE r (k integer, n integer, PRIMARY KEY (k, n)) WITHOUT ROWID"),
]


@pytest.mark.parametrize("children", [False, True])
@pytest.mark.parametrize("records", [5, 22_000])
@pytest.mark.parametrize("ddl", [one[1] for one in SQLITE_KEYS], ids=[one[0] for one in SQLITE_KEYS])
def test_keys_of_sqlite(sqlite_database: SQLiteDatabase, ddl: str, records: int, children: bool) -> None:
    sqlite_database.script(ddl)
    if children:
        sqlite_database.script("CREATE TABLE k (id integer PRIMARY KEY, r_k REFERENCES r (k) ON DELETE SET NULL)")
        sqlite_database.script("CREATE UNIQUE INDEX rk ON r (k); CREATE INDEX kr ON k (r_k)")
    sqlite_database.script(
        f"WITH RECURSIVE s(i) AS (SELECT -3 UNION ALL SELECT i + 1 FROM s WHERE i < {records - 4}) "
        "INSERT INTO r (k, n) SELECT i, i % 3 = 0 FROM s"
    )
    before = sqlite_database.state()
    with session_on(sqlite_database) as session:
        ended = session.run(Query("r").where(n=0))

    account(sqlite_database, before, ended)
    assert sqlite_database.execute("SELECT count(*) FROM r WHERE n = 0") == [(0,)]
    assert ended.summary["failed"] == 0


def test_mixed_types_in_one_key_of_sqlite(sqlite_database: SQLiteDatabase) -> None:
    sqlite_database.script("""
        CREATE TABLE r (k PRIMARY KEY NOT NULL, n integer);
        INSERT INTO r VALUES (1, 1), ('1', 1), (1.5, 1), (x'31', 1), ('a', 0), (x'ff00', 1);
    """)
    with session_on(sqlite_database) as session:
        ended = session.run(Query("r").where(n=1))

    assert ended.summary["deleted"] == 5
    assert sqlite_database.execute("SELECT k FROM r") == [("a",)]


def test_schemas_partitions_and_key_types_of_postgresql(postgresql_database: PostgreSQLDatabase) -> None:
    postgresql_database.script("""
        CREATE SCHEMA "Other.Schema"; CREATE SCHEMA sales;
        CREATE TABLE sales.r (id integer PRIMARY KEY, n integer);
        CREATE TABLE "Other.Schema"."R t" (id integer PRIMARY KEY,
            r_id integer CONSTRAINT "other fk" REFERENCES sales.r (id) ON DELETE CASCADE);
        CREATE TABLE r (id integer PRIMARY KEY, r_id integer REFERENCES sales.r (id));
        INSERT INTO sales.r VALUES (1, 1), (2, 1), (3, 0);
        INSERT INTO "Other.Schema"."R t" VALUES (1, 1), (2, 3);
        INSERT INTO r VALUES (1, 2);
    """)
    with session_on(postgresql_database) as session:
        ended = session.run(Query("sales.r").where(n=1))

    assert ended.deleted == {"sales.r": ["1"]}
    assert ended.cascaded == {"Other.Schema.R t": ["1"]}
    assert ended.failed(2)["blocking_entity"] == "r"
