"""Tables that are written to while a run goes on, with triggers that note who took what, and what it looked like.

The triggers are the independent record: they write in the very transaction that deletes, so what is rolled back is
not noted, and what they saw of a row is what the deleting statement saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BOUND: Final = 5
"""The job asks for records whose `grp` is below this."""


@dataclass(frozen=True)
class Kind:
    """One of the databases: how it spells what the tables and the triggers need."""

    time: str
    now: str
    who: str
    """Who runs the statement: `run` for bulkdelete, `writer` for anybody else here."""
    trigger: str
    body: str = "INSERT INTO audit SELECT {seen} WHERE {condition}"
    dual: str = ""
    before: str = ""
    own_tables: str = "bulkdelete_"


KINDS = {
    "postgresql": Kind(
        "timestamptz",
        "clock_timestamp()",
        "CASE current_setting('application_name') WHEN 'bulkdelete' THEN 'run' ELSE 'writer' END",
        "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$; "
        "CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        own_tables="bulkdelete_state.",
    ),
    "mariadb": Kind(
        "DATETIME(6)",
        "UTC_TIMESTAMP(6)",
        "coalesce(@who, 'run')",
        "CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW BEGIN {body}; END",
        # In a trigger of MariaDB an INSERT … SELECT takes ten times as long.
        "IF {condition} THEN INSERT INTO audit VALUES ({seen}); END IF",
        dual="FROM DUAL",
    ),
    "sqlite": Kind(
        "DATETIME",
        "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
        "(SELECT name FROM who)",
        "CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {body}; END",
        before="CREATE TABLE who (name TEXT); INSERT INTO who VALUES ('run')",
    ),
}

ROOTS = ("box", "log", "node")
"""What the job asks for: with children of every rule, with none, and a tree of its own."""
CHILDREN = ("part", "hold", "link")
"""Of a box: goes along, keeps it, loses its link."""
PARENTS = {"node": "parent_id", "part": "box_id", "hold": "box_id", "link": "box_id"}
ABOVE = {"part": "box", "node": "node"}
"""Child → the entity that takes it along."""
PARTS = (
    "CREATE TABLE log_low PARTITION OF log FOR VALUES FROM (MINVALUE) TO (20000)",
    "CREATE TABLE log_high PARTITION OF log FOR VALUES FROM (20000) TO (1000000)",
    "CREATE TABLE log_new PARTITION OF log DEFAULT",
)


def tables(name: str, partitioned: bool, audited: bool) -> list[str]:
    """The statements that make everything, in order."""
    kind = KINDS[name]
    asked = f"grp INTEGER NOT NULL, createdon {kind.time} NOT NULL, version INTEGER NOT NULL, pad VARCHAR(400)"
    reference = "CREATE TABLE {} (id BIGINT PRIMARY KEY, box_id BIGINT REFERENCES box (id) ON DELETE {}, v INTEGER)"
    made = [
        f"CREATE TABLE audit (what VARCHAR(10), entity VARCHAR(10), id BIGINT, who VARCHAR(10), grp INTEGER, "
        f"parent BIGINT, createdon {kind.time}, noted {kind.time})",
        *([kind.before] if kind.before else []),
        f"CREATE TABLE box (id BIGINT PRIMARY KEY, {asked})",
        f"CREATE TABLE log (id BIGINT PRIMARY KEY, {asked})" + (" PARTITION BY RANGE (id)" if partitioned else ""),
        *(PARTS if partitioned else ()),
        f"CREATE TABLE node (id BIGINT PRIMARY KEY, parent_id BIGINT REFERENCES node (id) ON DELETE CASCADE, {asked})",
        reference.format("part", "CASCADE"),
        reference.format("hold", "RESTRICT"),
        reference.format("link", "SET NULL"),
        *(f"CREATE INDEX {table}_{column} ON {table} ({column})" for table, column in PARENTS.items()),
    ]
    return made + (triggers(kind) if audited else [])


def triggers(kind: Kind) -> list[str]:
    """Who deletes, who changes a key, and who clears a link."""
    made = []
    for table in (*ROOTS, *CHILDREN):
        made.append(trigger(kind, table, "deleted", "DELETE", "1 = 1"))
        made.append(trigger(kind, table, "renamed", "UPDATE", "OLD.id <> NEW.id"))
    for table in ABOVE:
        old, new = f"OLD.{PARENTS[table]}", f"NEW.{PARENTS[table]}"
        left = f"{old} <> {new} OR ({old} IS NOT NULL AND {new} IS NULL)"
        made.append(trigger(kind, table, "moved", "UPDATE", left))
    cleared = "OLD.box_id IS NOT NULL AND NEW.box_id IS NULL"
    return [*made, trigger(kind, "link", "unlinked", "UPDATE", cleared)]


def trigger(kind: Kind, table: str, what: str, event: str, condition: str) -> str:
    """One trigger: it notes the old row."""
    parent = f"OLD.{PARENTS[table]}" if table in PARENTS else "NULL"
    asked = ("OLD.grp", "OLD.createdon") if table in ROOTS else ("NULL", "NULL")
    seen = f"'{what}', '{table}', OLD.id, {kind.who}, {asked[0]}, {parent}, {asked[1]}, {kind.now}"
    body = kind.body.format(seen=seen, condition=condition)
    return kind.trigger.format(name=f"{table}_{what}", body=body, event=event, table=table)
