"""What MySQL lacks beside MariaDB, and how statements are written then."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

from bulkdelete.domain.query_builder import Query
from bulkdelete.records.mariadb.copies import led_by_work_table, open_once, too_old
from bulkdelete.records.mariadb.held_first import reads
from tests.records.databases import Database
from tests.records.kinds_of_server import MARIADB_AND_MYSQL
from tests.records.sessions import account, session_on

ONE, OTHER = "bulkdelete_closure_0", "bulkdelete_closure_1"


class FakeConnection:
    """Notes the statements that make copies."""

    def __init__(self, is_mariadb: bool = False) -> None:
        self.dialect = MySQLDialect_pymysql()
        self.dialect.is_mariadb = is_mariadb
        self.ran: list[str] = []

    def exec_driver_sql(self, statement: str) -> None:
        self.ran.append(statement)


def opened(statement: str, is_mariadb: bool = False) -> tuple[str, list[str]]:
    connection: Any = FakeConnection(is_mariadb)
    written, _ = open_once(connection, None, statement, {}, None, False)
    return written, [one.split("INTO ")[1].split()[0] for one in connection.ran if one.startswith("INSERT")]


@pytest.mark.parametrize(
    ("statement", "expected", "copied"),
    [
        (f"SELECT {ONE}.a FROM {ONE}", f"SELECT {ONE}.a FROM {ONE}", []),
        (f"SELECT x.a FROM {ONE} AS x JOIN {OTHER} AS y", f"SELECT x.a FROM {ONE} AS x JOIN {OTHER} AS y", []),
        (f"SELECT x.a FROM {ONE} AS x JOIN {ONE} AS y", f"SELECT x.a FROM {ONE} AS x JOIN {ONE}_2 AS y", [f"{ONE}_2"]),
        (
            f"INSERT INTO {ONE} (a) SELECT a FROM {ONE} AS x WHERE NOT EXISTS (SELECT * FROM {ONE} AS y)",
            f"INSERT INTO {ONE} (a) SELECT a FROM {ONE}_2 AS x WHERE NOT EXISTS (SELECT * FROM {ONE}_3 AS y)",
            [f"{ONE}_2", f"{ONE}_3"],
        ),
        (
            f"SELECT {ONE}.a FROM {ONE} WHERE {ONE}.a IN (SELECT {ONE}.a FROM {ONE} WHERE {ONE}.b)",
            f"SELECT {ONE}.a FROM {ONE} WHERE {ONE}.a IN (SELECT {ONE}.a FROM {ONE}_2 AS {ONE} WHERE {ONE}.b)",
            [f"{ONE}_2"],
        ),
        (f"SELECT `x``{ONE} AS y`, '{ONE}' FROM {ONE} AS z", f"SELECT `x``{ONE} AS y`, '{ONE}' FROM {ONE} AS z", []),
        (f"SELECT * FROM {ONE}, {ONE}0 AS z", f"SELECT * FROM {ONE}, {ONE}0 AS z", []),
        *(
            (
                f"UPDATE {ONE} AS x JOIN t SET t.r=%({name})s WHERE EXISTS (SELECT * FROM {ONE} AS y)",
                f"UPDATE {ONE} AS x JOIN t SET t.r=%({name})s WHERE EXISTS (SELECT * FROM {ONE}_2 AS y)",
                [f"{ONE}_2"],
            )
            for name in ("back`tick_r", "it's_r")
        ),
    ],
)
def test_a_work_table_is_opened_once(statement: str, expected: str, copied: list[str]) -> None:
    assert opened(statement) == (expected, copied)
    assert opened(statement, is_mariadb=True) == (statement, [])


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        (f"DELETE FROM p USING p, {ONE} WHERE p.id = {ONE}.k0", ONE),
        (f"DELETE FROM `a``b`.`p q` USING `a``b`.`p q`, {ONE} WHERE 1", ONE),
        (f"UPDATE k, {ONE} AS above SET k.p_id=NULL WHERE above.k0 = k.p_id", "above"),
        ("DELETE FROM p USING p, bulkdelete_held_first WHERE 1", "bulkdelete_held_first"),
        (f"DELETE FROM {ONE} WHERE {ONE}.ord IN (1)", None),
        (f"UPDATE {ONE} SET asked=1 WHERE 1", None),
        ("UPDATE bulkdelete_ledger SET outcome=1 WHERE 1", None),
        (f"SELECT 1 FROM p, {ONE}", None),
    ],
)
def test_what_changes_records_begins_with_the_work_table(statement: str, hint: str | None) -> None:
    verb, rest = statement.split(" ", 1)
    assert led_by_work_table(statement) == (f"{verb} /*+ JOIN_PREFIX({hint}) */ {rest}" if hint else statement)


@pytest.mark.parametrize(
    ("is_mariadb", "version", "told"),
    [
        (False, (8, 0, 31), None), (False, (9, 1, 0), None), (True, (10, 6, 1), None), (True, (11, 4, 5), None),
        (False, (5, 7, 44), "MySQL 5.7.44 is too old: 8.0 or newer is needed"),
        (True, (10, 5, 20), "MariaDB 10.5.20 is too old: 10.6 or newer is needed"),
    ],
)  # fmt: skip
def test_old_servers_are_refused(is_mariadb: bool, version: tuple[int, ...], told: str | None) -> None:
    dialect = MySQLDialect_pymysql()
    dialect.is_mariadb, dialect.server_version_info = is_mariadb, version
    assert too_old(dialect) == told


def test_whether_a_condition_reads_the_table_that_is_written() -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("parent", sa.Integer))
    other = sa.Table("u", sa.MetaData(), sa.Column("t_id", sa.Integer))
    kid, stranger = table.alias("kid"), other.alias("stranger")

    assert not reads(table.c.id > 1, "t")
    assert not reads(sa.exists().where(stranger.c.t_id == table.c.id), "t")
    assert reads(~sa.exists().where(kid.c.parent == table.c.id), "t")
    assert reads(sa.and_(table.c.id > 1, table.c.id.in_(sa.select(kid.c.parent))), "t")


@pytest.mark.parametrize("database", MARIADB_AND_MYSQL, indirect=True)
def test_the_server_is_known_by_what_it_says_and_not_by_its_address(database: Database) -> None:
    database.script("CREATE TABLE t (id integer PRIMARY KEY, parent integer REFERENCES t (id))")
    database.script("INSERT INTO t VALUES (1, NULL), (2, 1), (3, 2), (4, NULL)")
    other = {"mariadb": "mysql", "mysql": "mariadb"}[database.server]
    database.address = database.address.replace(f"{database.server}://", f"{other}://")
    before = database.state()

    with session_on(database) as misnamed:
        ended = misnamed.run(Query("t").where("id", "LessThan", 4))

    account(database, before, ended)
    assert ended.summary["deleted"] == 3
