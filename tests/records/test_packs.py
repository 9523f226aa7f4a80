"""Ids that a database cannot pack end an operation with the reason, they do not keep it trying."""

from __future__ import annotations

from typing import Any

import pytest

from bulkdelete.domain.query_builder import Query
from bulkdelete.records.dialect import PackError
from tests.records.databases import SQLiteDatabase
from tests.records.sessions import session_on


@pytest.mark.parametrize("children", [False, True])
def test_ids_that_no_batch_can_pack(
    sqlite_database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch, children: bool
) -> None:
    sqlite_database.script("CREATE TABLE r (id integer PRIMARY KEY); INSERT INTO r VALUES (1), (2), (3)")
    if children:
        sqlite_database.script("CREATE TABLE k (id integer PRIMARY KEY, r_id integer REFERENCES r (id))")

    def refuse(*_: Any) -> None:
        raise PackError("2 bytes hold no 3 ids")

    with session_on(sqlite_database) as session:
        monkeypatch.setattr(session.target.dialect, "unpacked", refuse)
        ended = session.run(Query("r").all_records())

    assert ended.summary["status"] == "failed"
    assert "2 bytes hold no 3 ids" in str(ended.summary)
    assert sqlite_database.count("r") == 3
