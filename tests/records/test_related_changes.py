"""Related records that change while a deletion holds its own: what matches no more stays."""

from __future__ import annotations

from typing import Any

import pytest

from bulkdelete.records.careful import Careful
from tests.records.databases import Database
from tests.records.sessions import Session, account

SCHEMA = """
    CREATE TABLE team (id integer PRIMARY KEY, closed integer);
    CREATE TABLE customer (id integer PRIMARY KEY, team integer);
    CREATE TABLE task (id integer PRIMARY KEY, customer integer {rule}, state integer{more});
    INSERT INTO team VALUES (1, 1), (2, 1);
    INSERT INTO customer VALUES (1, 1), (2, 1), (3, 2), (4, NULL);
    INSERT INTO task VALUES (10, 1, 1), (11, 3, 1);
"""


def made(database: Database) -> None:
    rule = "REFERENCES customer (id) ON DELETE CASCADE"
    if database.name == "mariadb":
        database.script(SCHEMA.format(rule="", more=f", FOREIGN KEY (customer) {rule}"))
    else:
        database.script(SCHEMA.format(rule=rule, more=""))


def link(entity: str, own: str, other: str, attribute: str) -> dict[str, Any]:
    where = {"Conditions": [{"AttributeName": attribute, "Operator": "Equal", "Values": [1]}]}
    return {"EntityName": "customer", "LinkEntities": [{
        "LinkFromAttributeName": own, "LinkToEntityName": entity, "LinkToAttributeName": other, "LinkCriteria": where,
    }]}  # fmt: skip


@pytest.mark.parametrize(("query", "change", "meant", "stays"), [
    (link("team", "team", "id", "closed"), "UPDATE team SET closed = 0 WHERE id = 2", {"1", "2"}, "3"),
    (link("task", "id", "customer", "state"), "UPDATE task SET state = 0 WHERE id = 11", {"1"}, "3"),
], ids=["an entity that stays", "an entity that goes along"])  # fmt: skip
def test_a_related_record_that_changes_after_its_records_are_held(
    database: Database, session: Session, monkeypatch: pytest.MonkeyPatch, query: dict[str, Any], change: str,
    meant: set[str], stays: str,
) -> None:  # fmt: skip
    if database.name == "sqlite":
        pytest.skip("nobody else writes while a batch holds the file")
    made(database)
    before = database.state()
    select = Careful.select

    def then_change(self: Careful, found: Any) -> int:
        count = select(self, found)
        database.execute(change)
        return count

    monkeypatch.setattr(Careful, "select", then_change)
    ended = session.run(query)

    account(database, before, ended)
    assert set(ended.deleted["customer"]) == meant
    assert stays in {str(one) for one in database.ids("customer")}
    assert ended.failures == []
    assert ended.summary["queries"][0]["vanished"] == 1


def test_what_is_related_when_the_direct_way_begins_decides(database: Database, session: Session) -> None:
    made(database)
    operation_id = session.submit({"EntityName": "task", "LinkEntities": [{
        "LinkFromAttributeName": "customer", "LinkToEntityName": "customer", "LinkToAttributeName": "id",
        "LinkCriteria": {"Conditions": [{"AttributeName": "team", "Operator": "Equal", "Values": [1]}]},
    }]})  # fmt: skip
    session.step(operation_id)  # the fence is open
    session.step(operation_id)  # it is planned
    database.execute("UPDATE customer SET team = 2 WHERE id = 1")

    ended = session.drive(operation_id)

    assert ended.deleted == {}
    assert database.ids("task") == [10, 11]
