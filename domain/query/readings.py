"""How a query is read where its words leave room, a sentence each: what explanation and preview tell of it.

Where sources disagree on Dataverse's meaning (spec §6), the reading is the one that deletes fewer records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bulkdelete.domain.query.naming import visible
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.patterns import NEGATED as TEXT_NEGATIONS
from bulkdelete.domain.query.patterns import has_wildcards
from bulkdelete.domain.query.terms import FiscalPeriod, Terms
from bulkdelete.domain.query.tree import Comparison, Join, QueryTree, TextMode, restricts

TEXT = {
    TextMode.DATABASE: "texts compare by each column's own collation",
    TextMode.EXACT: "texts compare character by character",
    TextMode.IGNORE_CASE: "upper and lower case are the same; accents and trailing blanks are not",
}
NOT_TRUE_OF_NULL = {
    Operator.NOT_IN, Operator.NOT_BETWEEN, Operator.NOT_UNDER, Operator.NOT_EQUAL_USER_ID,
    Operator.NOT_EQUAL_BUSINESS_ID, Operator.DOES_NOT_CONTAIN_VALUES, *TEXT_NEGATIONS,
}  # fmt: skip
"""The negations that leave empty values alone."""
OF_WEEKS = {Operator.LAST_WEEK, Operator.THIS_WEEK, Operator.NEXT_WEEK}

Rule = tuple[Callable[[Comparison], bool], str]
"""Of which conditions something is said, and what; `{}` are their attributes."""

RULES: tuple[Rule, ...] = (
    (
        lambda one: one.operator is Operator.NOT_EQUAL and one.column is None,
        "{}: not equal is also true of records without a value",
    ),
    (
        lambda one: one.operator is Operator.NOT_EQUAL and one.column is not None,
        "{}: of two columns neither of which is empty",
    ),
    (lambda one: one.operator in NOT_TRUE_OF_NULL, "{}: records without a value stay"),
    (
        lambda one: one.operator is Operator.DOES_NOT_CONTAIN and has_wildcards(str(one.values[0])),
        "{}: what the text matches as a pattern stays, too",
    ),
    (
        lambda one: one.operator is Operator.CONTAINS and has_wildcards(str(one.values[0])),
        "{}: the text is looked for as it stands, wildcards included",
    ),
    (
        lambda one: one.operator.startswith("Last") and one.operator.endswith(("Days", "Weeks", "Months", "Years")),
        "{}: begins at midnight, so that it is longer than the time it names, and ends now",
    ),
    (lambda one: one.operator in OF_WEEKS, "{}: weeks begin on Sunday"),
    (lambda one: one.operator is Operator.NEXT_X_HOURS, "{}: ends so many hours from now"),
    (
        lambda one: one.operator is Operator.IN_FISCAL_PERIOD,
        "{}: of the fiscal years from 120 before to 30 after the present one",
    ),
    (
        lambda one: one.operator is Operator.NOT_UNDER,
        "{}: the record itself stays, too, and everything does if it is not there",
    ),
    (
        lambda one: one.operator is Operator.DOES_NOT_CONTAIN_VALUES,
        "{}: an empty list stays like an empty value",
    ),
)


def readings(tree: QueryTree, terms: Terms) -> list[str]:
    """How the query is read, in sentences without a full stop; none where nothing needs to be said."""
    comparisons = list(tree.comparisons())
    found = list(of_comparisons(comparisons))
    if any(one.operator.form.family in {"day", "span", "fiscal"} for one in comparisons):
        found.append(f"days are those of {terms.zone.key}; now is {terms.local_now:%Y-%m-%d %H:%M:%S} there")
        if terms.zone.key != "UTC":
            found.append(
                f"times stored without a zone are those of {terms.zone.key}, unless the catalogue says another"
            )
    if any(one.operator.form.family == "fiscal" for one in comparisons):
        found.append(of_fiscal(terms))
    if any(
        one.operator.form.family == "text" or any(isinstance(value, str) for value in one.values) for one in comparisons
    ):
        found.append(TEXT[tree.text or terms.text])
    return [*found, *of_links(tree), *of_order(tree)]


def of_comparisons(comparisons: list[Comparison]) -> Iterator[str]:
    """What is to be said of single conditions."""
    for applies, text in RULES:
        names = dict.fromkeys(
            f"{one.entity}.{one.attribute}" if one.entity else one.attribute for one in comparisons if applies(one)
        )
        if names:
            yield text.format(", ".join(names))


def of_fiscal(terms: Terms) -> str:
    """What the fiscal year is."""
    fiscal = terms.fiscal
    text = f"fiscal years begin on {fiscal.month:02}-{fiscal.day:02} and are named by the year they begin in"
    if fiscal.period is FiscalPeriod.FOURWEEKLY:
        return f"{text}; of 13 times 28 days the odd days belong to no period"
    return f"{text}; periods are {fiscal.period.value}"


def of_links(tree: QueryTree) -> Iterator[str]:
    """What is to be said of links."""
    every = list(tree.every_link())
    if any(link.join is Join.ALL for link in every):
        yield "All: some related record is there, and none that satisfies the conditions (Dataverse's meaning)"
    if any(link.join is Join.NOT_ALL for link in every):
        yield "NotAll: the same as Any (Dataverse's meaning)"
    for link in visible(tree.links):
        if link.join is Join.LEFT_OUTER and restricts(link):
            yield f"{link.name}: an outer link is required where a link within it is"
        if link.join is Join.LEFT_OUTER and not restricts(link):
            yield f"{link.name}: an outer link by itself leaves no record out"
        if link.join is Join.MATCH_FIRST_ROW:
            yield f"{link.name}: any related record will do, not only the first"
    if every:
        yield "a record is deleted once, however many related records there are"


def of_order(tree: QueryTree) -> Iterator[str]:
    """What is to be said of order and top."""
    if tree.top is not None:
        yield f"the first {tree.top:,}, empty values first, ties by key, are settled once, before any is deleted"
    elif tree.orders:
        yield "the order has no effect: all of them are deleted"
