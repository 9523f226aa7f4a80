"""Functions that say in SQL what only Dataverse has: `last_x_days(createdon, 30)`, and the links that SQL has not."""

from __future__ import annotations

from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Join

IN_SQL = frozenset({
    Operator.EQUAL, Operator.NOT_EQUAL, Operator.GREATER_THAN, Operator.GREATER_EQUAL, Operator.LESS_THAN,
    Operator.LESS_EQUAL, Operator.IN, Operator.NOT_IN, Operator.BETWEEN, Operator.NOT_BETWEEN, Operator.NULL,
    Operator.NOT_NULL, Operator.LIKE, Operator.NOT_LIKE,
})  # fmt: skip
"""The operators that SQL has words for."""

NAMES: dict[Operator, str] = {
    one: one.form.fetchxml.replace("-", "_") for one in Operator if one not in IN_SQL
} | {Operator.ON: "on_day", Operator.LIKE: "like_pattern", Operator.NOT_LIKE: "not_like_pattern"}  # fmt: skip
"""Operator → function: FetchXML's name with underscores. `like_pattern` takes Dataverse's wildcards, `[a-c]` too."""

BY_NAME = {name: operator for operator, name in NAMES.items()}

OPPOSITES = {
    Operator.LIKE: Operator.NOT_LIKE,
    Operator.CONTAINS: Operator.DOES_NOT_CONTAIN,
    Operator.BEGINS_WITH: Operator.DOES_NOT_BEGIN_WITH,
    Operator.ENDS_WITH: Operator.DOES_NOT_END_WITH,
    Operator.CONTAIN_VALUES: Operator.DOES_NOT_CONTAIN_VALUES,
    Operator.EQUAL_USER_ID: Operator.NOT_EQUAL_USER_ID,
    Operator.EQUAL_BUSINESS_ID: Operator.NOT_EQUAL_BUSINESS_ID,
    Operator.BETWEEN: Operator.NOT_BETWEEN,
    Operator.IN: Operator.NOT_IN,
    Operator.GREATER_THAN: Operator.LESS_EQUAL,
    Operator.GREATER_EQUAL: Operator.LESS_THAN,
}
OPPOSITES |= {other: one for one, other in OPPOSITES.items()}
"""What NOT makes of an operator: both are not true of null, as SQL has it."""

LINKS: dict[str, Join] = {
    "natural_link": Join.NATURAL,
    "match_first_row_link": Join.MATCH_FIRST_ROW,
    "exists_link": Join.EXISTS,
    "in_link": Join.IN,
    "any_link": Join.ANY,
    "not_any_link": Join.NOT_ANY,
    "all_link": Join.ALL,
    "not_all_link": Join.NOT_ALL,
}
"""`any_link(task.account, account.id)`: stands for `task.account = account.id`, and says which link it is."""
LINK_NAMES = {join: name for name, join in LINKS.items()}

TEXT_COMPARE, DISTINCT_ROWS = "text_compare", "distinct_rows"
"""Conditions at the top that say how texts compare (`text_compare('exact')`), and that equal rows count once."""

KNOWN = [*BY_NAME, *LINKS, TEXT_COMPARE, DISTINCT_ROWS]
