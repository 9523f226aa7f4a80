"""Every operator of a condition: its names, how many values it takes and of which kind (spec §6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Family = Literal["comparison", "text", "null", "choices", "user", "hierarchy", "day", "span", "fiscal"]
"""What an operator is about: a `day` is named or lies beside now, a `span` is so many units long."""

Takes = Literal["nothing", "value", "text", "day", "count", "id", "choice", "period", "year", "period and year"]
"""What its values are: `value` is one of the attribute's own type, `count` a whole number above 0."""


class Operator(StrEnum):
    """What can be asked of one attribute; the names are Dataverse's `ConditionOperator`."""

    EQUAL = "Equal"
    NOT_EQUAL = "NotEqual"
    GREATER_THAN = "GreaterThan"
    GREATER_EQUAL = "GreaterEqual"
    LESS_THAN = "LessThan"
    LESS_EQUAL = "LessEqual"
    IN = "In"
    NOT_IN = "NotIn"
    NULL = "Null"
    NOT_NULL = "NotNull"
    LIKE = "Like"
    NOT_LIKE = "NotLike"
    BETWEEN = "Between"
    NOT_BETWEEN = "NotBetween"

    CONTAINS = "Contains"
    DOES_NOT_CONTAIN = "DoesNotContain"
    BEGINS_WITH = "BeginsWith"
    DOES_NOT_BEGIN_WITH = "DoesNotBeginWith"
    ENDS_WITH = "EndsWith"
    DOES_NOT_END_WITH = "DoesNotEndWith"

    CONTAIN_VALUES = "ContainValues"
    DOES_NOT_CONTAIN_VALUES = "DoesNotContainValues"

    EQUAL_USER_ID = "EqualUserId"
    NOT_EQUAL_USER_ID = "NotEqualUserId"
    EQUAL_BUSINESS_ID = "EqualBusinessId"
    NOT_EQUAL_BUSINESS_ID = "NotEqualBusinessId"
    EQUAL_USER_LANGUAGE = "EqualUserLanguage"
    EQUAL_USER_TEAMS = "EqualUserTeams"
    EQUAL_USER_OR_USER_TEAMS = "EqualUserOrUserTeams"
    EQUAL_USER_OR_USER_HIERARCHY = "EqualUserOrUserHierarchy"
    EQUAL_USER_OR_USER_HIERARCHY_AND_TEAMS = "EqualUserOrUserHierarchyAndTeams"

    UNDER = "Under"
    NOT_UNDER = "NotUnder"
    UNDER_OR_EQUAL = "UnderOrEqual"
    ABOVE = "Above"
    ABOVE_OR_EQUAL = "AboveOrEqual"

    ON = "On"
    ON_OR_BEFORE = "OnOrBefore"
    ON_OR_AFTER = "OnOrAfter"
    YESTERDAY = "Yesterday"
    TODAY = "Today"
    TOMORROW = "Tomorrow"
    LAST_WEEK = "LastWeek"
    THIS_WEEK = "ThisWeek"
    NEXT_WEEK = "NextWeek"
    LAST_MONTH = "LastMonth"
    THIS_MONTH = "ThisMonth"
    NEXT_MONTH = "NextMonth"
    LAST_YEAR = "LastYear"
    THIS_YEAR = "ThisYear"
    NEXT_YEAR = "NextYear"
    LAST_7_DAYS = "Last7Days"
    NEXT_7_DAYS = "Next7Days"

    LAST_X_HOURS = "LastXHours"
    NEXT_X_HOURS = "NextXHours"
    LAST_X_DAYS = "LastXDays"
    NEXT_X_DAYS = "NextXDays"
    LAST_X_WEEKS = "LastXWeeks"
    NEXT_X_WEEKS = "NextXWeeks"
    LAST_X_MONTHS = "LastXMonths"
    NEXT_X_MONTHS = "NextXMonths"
    LAST_X_YEARS = "LastXYears"
    NEXT_X_YEARS = "NextXYears"
    OLDER_THAN_X_MINUTES = "OlderThanXMinutes"
    OLDER_THAN_X_HOURS = "OlderThanXHours"
    OLDER_THAN_X_DAYS = "OlderThanXDays"
    OLDER_THAN_X_WEEKS = "OlderThanXWeeks"
    OLDER_THAN_X_MONTHS = "OlderThanXMonths"
    OLDER_THAN_X_YEARS = "OlderThanXYears"

    THIS_FISCAL_YEAR = "ThisFiscalYear"
    THIS_FISCAL_PERIOD = "ThisFiscalPeriod"
    NEXT_FISCAL_YEAR = "NextFiscalYear"
    NEXT_FISCAL_PERIOD = "NextFiscalPeriod"
    LAST_FISCAL_YEAR = "LastFiscalYear"
    LAST_FISCAL_PERIOD = "LastFiscalPeriod"
    LAST_X_FISCAL_YEARS = "LastXFiscalYears"
    LAST_X_FISCAL_PERIODS = "LastXFiscalPeriods"
    NEXT_X_FISCAL_YEARS = "NextXFiscalYears"
    NEXT_X_FISCAL_PERIODS = "NextXFiscalPeriods"
    IN_FISCAL_YEAR = "InFiscalYear"
    IN_FISCAL_PERIOD = "InFiscalPeriod"
    IN_FISCAL_PERIOD_AND_YEAR = "InFiscalPeriodAndYear"
    IN_OR_BEFORE_FISCAL_PERIOD_AND_YEAR = "InOrBeforeFiscalPeriodAndYear"
    IN_OR_AFTER_FISCAL_PERIOD_AND_YEAR = "InOrAfterFiscalPeriodAndYear"

    @property
    def form(self) -> Form:
        """How it is written."""
        return FORMS[self]


@dataclass(frozen=True)
class Form:
    """How an operator is written."""

    fetchxml: str
    """Its name in FetchXML; `contains` and `not-contains` are ours, FetchXML has none for them."""
    family: Family
    takes: Takes
    least: int
    """How many values it takes at least, and at most (None: any number)."""
    most: int | None


def forms(
    family: Family, takes: Takes, least: int, most: int | None, named: dict[Operator, str]
) -> dict[Operator, Form]:
    """The same form for several operators."""
    return {operator: Form(name, family, takes, least, most) for operator, name in named.items()}


FORMS: dict[Operator, Form] = {
    **forms("comparison", "value", 1, 1, {
        Operator.EQUAL: "eq", Operator.NOT_EQUAL: "ne", Operator.GREATER_THAN: "gt", Operator.GREATER_EQUAL: "ge",
        Operator.LESS_THAN: "lt", Operator.LESS_EQUAL: "le",
    }),
    **forms("comparison", "value", 1, None, {Operator.IN: "in", Operator.NOT_IN: "not-in"}),
    **forms("comparison", "value", 2, 2, {Operator.BETWEEN: "between", Operator.NOT_BETWEEN: "not-between"}),
    **forms("null", "nothing", 0, 0, {Operator.NULL: "null", Operator.NOT_NULL: "not-null"}),
    **forms("text", "text", 1, 1, {
        Operator.LIKE: "like", Operator.NOT_LIKE: "not-like",
        Operator.CONTAINS: "contains", Operator.DOES_NOT_CONTAIN: "not-contains",
        Operator.BEGINS_WITH: "begins-with", Operator.DOES_NOT_BEGIN_WITH: "not-begin-with",
        Operator.ENDS_WITH: "ends-with", Operator.DOES_NOT_END_WITH: "not-end-with",
    }),
    **forms("choices", "choice", 1, None, {
        Operator.CONTAIN_VALUES: "contain-values", Operator.DOES_NOT_CONTAIN_VALUES: "not-contain-values",
    }),
    **forms("user", "nothing", 0, 0, {
        Operator.EQUAL_USER_ID: "eq-userid", Operator.NOT_EQUAL_USER_ID: "ne-userid",
        Operator.EQUAL_BUSINESS_ID: "eq-businessid", Operator.NOT_EQUAL_BUSINESS_ID: "ne-businessid",
        Operator.EQUAL_USER_LANGUAGE: "eq-userlanguage", Operator.EQUAL_USER_TEAMS: "eq-userteams",
        Operator.EQUAL_USER_OR_USER_TEAMS: "eq-useroruserteams",
        Operator.EQUAL_USER_OR_USER_HIERARCHY: "eq-useroruserhierarchy",
        Operator.EQUAL_USER_OR_USER_HIERARCHY_AND_TEAMS: "eq-useroruserhierarchyandteams",
    }),
    **forms("hierarchy", "id", 1, 1, {
        Operator.UNDER: "under", Operator.NOT_UNDER: "not-under", Operator.UNDER_OR_EQUAL: "eq-or-under",
        Operator.ABOVE: "above", Operator.ABOVE_OR_EQUAL: "eq-or-above",
    }),
    **forms("day", "day", 1, 1, {
        Operator.ON: "on", Operator.ON_OR_BEFORE: "on-or-before", Operator.ON_OR_AFTER: "on-or-after",
    }),
    **forms("day", "nothing", 0, 0, {
        Operator.YESTERDAY: "yesterday", Operator.TODAY: "today", Operator.TOMORROW: "tomorrow",
        Operator.LAST_WEEK: "last-week", Operator.THIS_WEEK: "this-week", Operator.NEXT_WEEK: "next-week",
        Operator.LAST_MONTH: "last-month", Operator.THIS_MONTH: "this-month", Operator.NEXT_MONTH: "next-month",
        Operator.LAST_YEAR: "last-year", Operator.THIS_YEAR: "this-year", Operator.NEXT_YEAR: "next-year",
        Operator.LAST_7_DAYS: "last-seven-days", Operator.NEXT_7_DAYS: "next-seven-days",
    }),
    **forms("span", "count", 1, 1, {
        Operator.LAST_X_HOURS: "last-x-hours", Operator.NEXT_X_HOURS: "next-x-hours",
        Operator.LAST_X_DAYS: "last-x-days", Operator.NEXT_X_DAYS: "next-x-days",
        Operator.LAST_X_WEEKS: "last-x-weeks", Operator.NEXT_X_WEEKS: "next-x-weeks",
        Operator.LAST_X_MONTHS: "last-x-months", Operator.NEXT_X_MONTHS: "next-x-months",
        Operator.LAST_X_YEARS: "last-x-years", Operator.NEXT_X_YEARS: "next-x-years",
        Operator.OLDER_THAN_X_MINUTES: "olderthan-x-minutes", Operator.OLDER_THAN_X_HOURS: "olderthan-x-hours",
        Operator.OLDER_THAN_X_DAYS: "olderthan-x-days", Operator.OLDER_THAN_X_WEEKS: "olderthan-x-weeks",
        Operator.OLDER_THAN_X_MONTHS: "olderthan-x-months", Operator.OLDER_THAN_X_YEARS: "olderthan-x-years",
    }),
    **forms("fiscal", "nothing", 0, 0, {
        Operator.THIS_FISCAL_YEAR: "this-fiscal-year", Operator.THIS_FISCAL_PERIOD: "this-fiscal-period",
        Operator.NEXT_FISCAL_YEAR: "next-fiscal-year", Operator.NEXT_FISCAL_PERIOD: "next-fiscal-period",
        Operator.LAST_FISCAL_YEAR: "last-fiscal-year", Operator.LAST_FISCAL_PERIOD: "last-fiscal-period",
    }),
    **forms("fiscal", "count", 1, 1, {
        Operator.LAST_X_FISCAL_YEARS: "last-x-fiscal-years", Operator.LAST_X_FISCAL_PERIODS: "last-x-fiscal-periods",
        Operator.NEXT_X_FISCAL_YEARS: "next-x-fiscal-years", Operator.NEXT_X_FISCAL_PERIODS: "next-x-fiscal-periods",
    }),
    Operator.IN_FISCAL_YEAR: Form("in-fiscal-year", "fiscal", "year", 1, 1),
    Operator.IN_FISCAL_PERIOD: Form("in-fiscal-period", "fiscal", "period", 1, 1),
    **forms("fiscal", "period and year", 2, 2, {
        Operator.IN_FISCAL_PERIOD_AND_YEAR: "in-fiscal-period-and-year",
        Operator.IN_OR_BEFORE_FISCAL_PERIOD_AND_YEAR: "in-or-before-fiscal-period-and-year",
        Operator.IN_OR_AFTER_FISCAL_PERIOD_AND_YEAR: "in-or-after-fiscal-period-and-year",
    }),
}  # fmt: skip
"""Every operator's form."""

MATCHES_NULL = frozenset({Operator.NOT_EQUAL, Operator.NULL})
"""The operators that are true of a null attribute (`NotEqual` not where it compares two columns)."""

COMPARES_COLUMNS = frozenset(
    {Operator.EQUAL, Operator.NOT_EQUAL, Operator.GREATER_THAN, Operator.GREATER_EQUAL, Operator.LESS_THAN,
     Operator.LESS_EQUAL}
)  # fmt: skip
"""The operators that may compare two columns."""

INTERNAL = frozenset({"ChildOf", "Mask", "NotMask", "MasksSelect", "NotOn"})
"""Names of the enumeration that no query may use: Dataverse keeps them for itself."""

DEPRECATED = {"neq": Operator.NOT_EQUAL}
"""Names of FetchXML that still mean something."""

BY_FETCHXML: dict[str, Operator] = {form.fetchxml: operator for operator, form in FORMS.items()} | DEPRECATED
"""FetchXML's names."""


def takes(operator: Operator) -> str:
    """How many values an operator takes, in words."""
    form = operator.form
    if form.most == 0:
        return "no values"
    return f"at least {form.least}" if form.most is None else f"exactly {form.least}"
