"""The demonstration CRM: about 200,000 records under Dataverse's names, on SQLite or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.records.names import read_address
from bulkdelete.service.crm_rows import Records, Row

MARK = 0x62646372
"""`application_id` of an SQLite file that is ours to make anew."""
COMMENT = "made by bulkdelete demo"
"""The same on PostgreSQL, a comment on each table."""

Key = sa.Text().with_variant(sa.Uuid(as_uuid=False), "postgresql")
Moment = sa.DateTime(timezone=True)


@dataclass(frozen=True)
class Made:
    """What was made: entities, records, and relationships by what a deletion does."""

    entities: int
    records: int
    relationships: dict[str, int]

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.relationships.items())
        many = sum(self.relationships.values())
        return f"{self.records:,} records: {self.entities} entities, {many} relationships ({kinds})"


def table(metadata: sa.MetaData, name: str, *columns: sa.Column[Any]) -> sa.Table:
    """An entity; every one tells when its records were created and changed."""
    return sa.Table(
        name,
        metadata,
        *columns,
        sa.Column("createdon", Moment, nullable=False),
        sa.Column("modifiedon", Moment, nullable=False),
        comment=COMMENT,
    )


def link(name: str, to: str, rule: str, relationship: str, **words: Any) -> sa.Column[Any]:
    """A reference to another entity, indexed."""
    reference = sa.ForeignKey(to, ondelete=rule, name=relationship, **words)
    return sa.Column(name, reference, nullable=rule == "SET NULL", index=True)


def state() -> list[sa.Column[Any]]:
    """Dataverse's state and status codes."""
    return [sa.Column(name, sa.Integer, nullable=False) for name in ("statecode", "statuscode")]


def text(name: str) -> sa.Column[Any]:
    """A text that is always there."""
    return sa.Column(name, sa.Text, nullable=False)


def schema() -> sa.MetaData:
    """The six entities; account, contact and incident have uuid keys, the others integer keys."""
    crm = sa.MetaData()
    table(
        crm, "account", sa.Column("accountid", Key, primary_key=True), text("name"), text("accountnumber"),
        link("primarycontactid", "contact.contactid", "SET NULL", "account_primary_contact", use_alter=True), *state(),
    )  # fmt: skip
    table(
        crm, "contact", sa.Column("contactid", Key, primary_key=True), text("fullname"), text("emailaddress1"),
        link("parentcustomerid", "account.accountid", "SET NULL", "contact_customer_accounts"), *state(),
    )  # fmt: skip
    table(
        crm, "incident", sa.Column("incidentid", Key, primary_key=True), text("title"), text("ticketnumber"),
        link("customerid", "account.accountid", "SET NULL", "incident_customer_accounts"),
        link("primarycontactid", "contact.contactid", "RESTRICT", "incident_customer_contacts"),
        sa.Column("prioritycode", sa.Integer, nullable=False), *state(),
    )  # fmt: skip
    table(
        crm, "task", sa.Column("activityid", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        text("subject"), link("regardingobjectid", "incident.incidentid", "CASCADE", "incident_tasks"), *state(),
    )  # fmt: skip
    table(
        crm, "email", sa.Column("activityid", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        text("subject"), text("sender"),
        link("regardingobjectid", "incident.incidentid", "SET NULL", "incident_emails"),
        sa.Column("directioncode", sa.Integer, nullable=False), *state(),
    )  # fmt: skip
    table(
        crm, "annotation", sa.Column("annotationid", sa.Integer, primary_key=True), text("subject"), text("notetext"),
        link("objectid", "task.activityid", "CASCADE", "task_annotations"),
    )  # fmt: skip
    return crm


KINDS = {"CASCADE": "cascade", "RESTRICT": "restrict", "SET NULL": "remove link"}


def make_crm(address: str) -> Made:
    """Make the CRM, always the same. Raises InvalidJobError where the place holds something that is not ours."""
    crm, records = schema(), Records()
    rows = {one.name: getattr(records, one.name)() for one in crm.tables.values()}
    if address.startswith("sqlite"):
        count = make_sqlite(Path(sa.make_url(address).database or ""), crm, rows)
    else:
        count = make_postgresql(read_address(address), crm, rows)
    rules = [str(key.ondelete) for one in crm.tables.values() for key in one.foreign_keys]
    return Made(len(rows), count, {kind: rules.count(rule) for rule, kind in KINDS.items()})


def make_sqlite(path: Path, crm: sa.MetaData, rows: dict[str, Iterator[Row]]) -> int:
    """Make the file anew, in one transaction; indexes last, which is quicker."""
    remove_ours(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    dialect = sqlite.dialect()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", f"application_id={MARK}", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        count = 0
        for entity in crm.tables.values():
            made = CreateTable(entity, include_foreign_key_constraints=[*entity.foreign_key_constraints])
            connection.execute(str(made.compile(dialect=dialect)))
            marks = ", ".join("?" * len(entity.columns))
            count += connection.executemany(f"INSERT INTO {entity.name} VALUES ({marks})", rows[entity.name]).rowcount
        for entity in crm.tables.values():
            for index in sorted(entity.indexes, key=lambda one: str(one.name)):
                connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def remove_ours(path: Path) -> None:
    """Remove a file that an earlier demo made. Raises InvalidJobError where it is another one."""
    if path.exists():
        with closing(sqlite3.connect(path)) as connection:
            try:
                (mark,) = connection.execute("PRAGMA application_id").fetchone()
            except sqlite3.DatabaseError:
                mark = None
        if mark != MARK:
            raise InvalidJobError(f"{path} was not made by the demo: choose another folder", "FOLDER")
    for one in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        one.unlink(missing_ok=True)


def make_postgresql(url: sa.URL, crm: sa.MetaData, rows: dict[str, Iterator[Row]]) -> int:
    """Make the tables anew, in one transaction; keys and indexes last, which is quicker."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        # Not where a role's own schema may come first: that may be bulkdelete's.
        connection.exec_driver_sql("SET LOCAL search_path = public; SET LOCAL timezone = 'UTC'")
        drop_ours(connection, crm)
        count = 0
        for entity in crm.tables.values():
            connection.execute(CreateTable(entity, include_foreign_key_constraints=[]))
            connection.exec_driver_sql(f"COMMENT ON TABLE {entity.name} IS '{COMMENT}'")
            count += copy(connection, entity.name, rows[entity.name])
        for entity in crm.tables.values():
            for index in sorted(entity.indexes, key=lambda one: str(one.name)):
                connection.execute(CreateIndex(index))
        for entity in crm.tables.values():
            for key in entity.foreign_key_constraints:
                connection.execute(AddConstraint(key))
        connection.exec_driver_sql(f"ANALYZE {', '.join(crm.tables)}")
    return count


def copy(connection: sa.Connection, name: str, rows: Iterator[Row]) -> int:
    """Load records; returns how many."""
    driver: Any = connection.connection.dbapi_connection
    count = 0
    with driver.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as sink:
        for row in rows:
            sink.write_row(row)
            count += 1
    return count


def drop_ours(connection: sa.Connection, crm: sa.MetaData) -> None:
    """Drop the tables of an earlier demo. Raises InvalidJobError where a table of that name is another one."""
    comments = sa.text(
        "SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class c "
        "WHERE c.relname = ANY(:names) AND pg_table_is_visible(c.oid)"
    )
    found = [tuple(row) for row in connection.execute(comments, {"names": list(crm.tables)})]
    for name, comment in found:
        if comment != COMMENT:
            raise InvalidJobError(
                f'the database has a table "{name}" that the demo did not make: give it an empty database', "--database"
            )
    if found:
        connection.exec_driver_sql(f"DROP TABLE {', '.join(name for name, _ in found)} CASCADE")
