"""Whether deleting some records of a query can make others match it: then what it means is settled at its beginning."""

from __future__ import annotations

from bulkdelete.domain.query.naming import subjects
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Join, QueryTree

TRUE_WITHOUT = {Operator.NULL, Operator.NOT_EQUAL, Operator.NOT_UNDER}
"""The operators that may become true where a row goes, or a link is cleared."""
ASKS_FOR_NONE = {Join.NOT_ANY, Join.ALL, Join.LEFT_OUTER}
"""The joins that may become true where a row goes."""


def may_grow(tree: QueryTree) -> bool:
    """Whether rows that go, or links that are cleared, could make the query true of more records.

    It depends on the entities that are written whether that can happen in one run; the rest only ever deletes fewer.
    """
    if any(link.join in ASKS_FOR_NONE for link in tree.every_link()):
        return True
    return any(what.operator in TRUE_WITHOUT for what, _ in subjects(tree))
