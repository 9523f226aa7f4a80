"""What a query means is noted before its first record goes: in pieces, once, whatever happens in between."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from bulkdelete.domain.errors import UnavailableError
from bulkdelete.records import chosen
from bulkdelete.records.chosen import Choosing
from tests.records.databases import Database
from tests.records.sessions import Session, account

NODES = 20
"""A chain: each node below the one before, and as many leaves that stand alone."""
LEAVES = {"EntityName": "node", "Criteria": {"AnyAllFilterLinkEntity": {
    "LinkFromAttributeName": "id", "LinkToEntityName": "node", "LinkToAttributeName": "up", "JoinOperator": "NotAny",
}}}  # fmt: skip


def chain(database: Database) -> None:
    database.script("CREATE TABLE node (id integer PRIMARY KEY, up integer)")
    for at in range(NODES):
        database.execute("INSERT INTO node VALUES (?, ?)", at, at - 1 if at else None)
        database.execute("INSERT INTO node VALUES (?, NULL)", 100 + at)


def noted(session: Session) -> int:
    """How many keys are noted."""
    table = session.target.ledger.chosen
    with session.target.dialect.reading(session.target.engine, 5) as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_noting_goes_on_where_it_was_interrupted(
    database: Database, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain(database)
    before = database.state()
    monkeypatch.setattr(chosen, "PIECE", 4)
    piece, calls = Choosing.piece, 0

    def interrupted(self: Choosing, *given: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise UnavailableError("gone for a moment")
        return piece(self, *given)

    monkeypatch.setattr(Choosing, "piece", interrupted)
    operation_id = session.submit(LEAVES)
    session.step(operation_id)  # the fence opens
    assert session.step(operation_id).status == "retrying"
    assert noted(session) == 8
    assert database.state() == before

    ended = session.drive(operation_id)

    account(database, before, ended)
    assert set(ended.deleted["node"]) == {str(NODES - 1), *(str(100 + at) for at in range(NODES))}
    assert noted(session) == 0


def test_what_arrives_while_it_runs_is_not_meant(database: Database, session: Session) -> None:
    chain(database)
    operation_id = session.submit(LEAVES)
    session.step(operation_id)
    session.step(operation_id)
    database.execute("INSERT INTO node VALUES (500, NULL)")
    database.execute("INSERT INTO node VALUES (501, 100)")

    ended = session.drive(operation_id)

    assert {"500", "501", "100"}.isdisjoint(ended.deleted["node"])
    assert {100, 500, 501} <= set(database.ids("node"))


def test_a_query_that_cannot_grow_notes_nothing(database: Database, session: Session) -> None:
    chain(database)
    operation_id = session.submit({"EntityName": "node", "Criteria": {"Conditions": [
        {"AttributeName": "id", "Operator": "GreaterEqual", "Values": [100]}
    ]}})  # fmt: skip
    session.step(operation_id)
    session.step(operation_id)

    assert noted(session) == 0
    assert len(session.drive(operation_id).deleted["node"]) == NODES
