"""Where the sources of Dataverse's semantics disagree, or say nothing: the reading that was chosen (spec §6.4)."""

from __future__ import annotations

from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import Comparison, Join, QueryTree

NEGATIONS = {
    Operator.NOT_IN, Operator.NOT_LIKE, Operator.NOT_BETWEEN, Operator.DOES_NOT_CONTAIN, Operator.DOES_NOT_BEGIN_WITH,
    Operator.DOES_NOT_END_WITH, Operator.DOES_NOT_CONTAIN_VALUES, Operator.NOT_EQUAL_USER_ID,
    Operator.NOT_EQUAL_BUSINESS_ID, Operator.NOT_UNDER,
}  # fmt: skip
WEEKS = {Operator.LAST_WEEK, Operator.THIS_WEEK, Operator.NEXT_WEEK}
SEVEN = {Operator.LAST_7_DAYS, Operator.NEXT_7_DAYS}
LAST_X = {Operator.LAST_X_DAYS, Operator.LAST_X_WEEKS, Operator.LAST_X_MONTHS, Operator.LAST_X_YEARS, *SEVEN}


def readings(tree: QueryTree) -> tuple[str, ...]:
    """The choices that this query depends on, each once."""
    found: list[str] = []
    for one in tree.comparisons():
        found += of_comparison(one)
    joins = {link.join for link in tree.every_link()}
    if Join.ALL in joins:
        found.append(
            '"all" means: a related record is there, and none of them satisfies the filter, as Dataverse has it.'
        )
    if Join.NOT_ALL in joins:
        found.append('"not all" means the same as "any", as Dataverse has it.')
    if Join.MATCH_FIRST_ROW in joins:
        found.append('"matchfirstrow" keeps no record without a related one: the sources disagree, this deletes fewer.')
    if tree.top is not None:
        found.append("The first records are counted by joined rows, ties by the key, empty values first.")
    return tuple(dict.fromkeys(found))


def of_comparison(one: Comparison) -> list[str]:
    """The choices that one comparison depends on."""
    found = []
    if one.operator is Operator.NOT_EQUAL:
        found.append(
            "NotEqual of two columns matches no record where either is empty: this deletes fewer."
            if one.column is not None
            else "NotEqual matches empty values too, as Dataverse's own SQL does."
        )
    if one.operator in NEGATIONS:
        found.append(f"{one.operator} does not match empty values: the sources disagree, this deletes fewer.")
    if one.operator is Operator.NOT_UNDER:
        found.append("NotUnder leaves the record itself out: the sources disagree, this deletes fewer.")
    if one.operator is Operator.NEXT_X_HOURS:
        found.append("NextXHours ends exactly that many hours from now: the sources disagree, this deletes fewer.")
    if one.operator in WEEKS:
        found.append("Weeks begin on Sunday.")
    if one.operator in LAST_X:
        found.append("The last days, weeks, months and years begin at today's start less that time, and end now.")
    if one.operator.form.family == "fiscal":
        found.append("A fiscal year is named by the year that it starts in.")
    return found
