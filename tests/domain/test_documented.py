"""The reference of the query language names every operator, join and setting."""

from __future__ import annotations

import re
from pathlib import Path

from bulkdelete.domain.meaning import Meaning
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Join

QUERIES = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")


def test_every_operator_join_and_setting_is_documented() -> None:
    named = set(re.findall(r"`([A-Za-z0-9_]+)`", QUERIES))

    assert {one.value for one in Operator} <= named
    assert {one.value for one in Join} <= named
    assert set(Meaning.model_fields) <= named
