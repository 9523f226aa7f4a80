"""The `QueryExpression` notation of Dataverse, as JSON or YAML (spec §6.1), and its way into the syntax tree."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from bulkdelete.domain.query import VALUE_COUNTS, Comparison, Junction, Node, Operator, QueryTree, Value

MOST_CONDITIONS = 500
DEEPEST_FILTER = 40

NOT_SUPPORTED = {
    "LinkEntities", "Orders", "TopCount", "Distinct", "DataSource", "PageInfo", "NoLock", "ColumnSet", "ForceSeek",
    "QueryHints", "SubQueryExpression", "CompareColumns", "AnyAllFilterLinkEntity", "FilterHint", "IsQuickFindFilter",
    "ExtensionData", "@odata.type",
}  # fmt: skip
"""Words of `QueryExpression` that are known and not supported: refused by name, since a lost one widens a deletion."""


def refused(message: str) -> PydanticCustomError:
    """A refusal that pydantic gives the path to."""
    return PydanticCustomError("refused", "{message}", {"message": message})


def plain_value(value: Any) -> Any:
    """The value itself: unwraps `{"Value": …, "Type": …}`, dates that YAML has read as text."""
    if isinstance(value, dict) and "Value" in value and not set(value) - {"Value", "Type"}:
        value = value["Value"]
    if value is None:
        raise refused("null is not a value: use the operator Null or NotNull")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and not value.is_finite():
        raise refused(f"{value} is not a number that can be compared")
    if not isinstance(value, bool | int | Decimal | str):
        raise refused(f"{value!r} is no text, number or boolean")
    if isinstance(value, str) and any("\ud800" <= one <= "\udfff" for one in value):
        raise refused("a text with half a character (a lone surrogate) matches nothing in any database")
    if isinstance(value, str) and "\0" in value:
        raise refused("a text with a NUL character matches nothing in any database")
    return value


def json_value(value: Value) -> bool | int | float | str:
    """A value for JSON: a decimal as a number where that is exact, else as its text."""
    if not isinstance(value, Decimal):
        return value
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


PlainValue = Annotated[
    bool | int | Decimal | str, BeforeValidator(plain_value), PlainSerializer(json_value, when_used="json")
]


class Expression(BaseModel):
    """A part of a query that knows each of its words, and refuses every other."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def know_every_word(cls, value: Any) -> Any:
        """Refuse, by name, what Dataverse knows and bulkdelete does not (yet)."""
        if isinstance(value, dict):
            for word in value:
                if word in NOT_SUPPORTED:
                    raise refused(f"{word} is not supported, and ignoring it could delete too much: leave it out")
        return value


def as_operator(value: Any) -> Any:
    """The operator of that name; the refusal lists them all."""
    if isinstance(value, Operator):
        return value
    if value is None:
        raise refused('null is no operator; in YAML write Operator: "Null" in quotes')
    if value not in {one.value for one in Operator}:
        raise refused(f"{value!r} is no supported operator; supported: {', '.join(Operator)}")
    return Operator(value)


class ConditionExpression(Expression):
    """One attribute held against values."""

    attribute_name: Annotated[str, Field(alias="AttributeName", min_length=1, max_length=255)]
    operator: Annotated[Operator, Field(alias="Operator"), BeforeValidator(as_operator)]
    values: Annotated[tuple[PlainValue, ...], Field(alias="Values", max_length=10_000, strict=False)] = ()

    @model_validator(mode="after")
    def take_as_many_values_as_the_operator(self) -> Self:
        """Refuse a number of values that the operator does not take."""
        least, most = VALUE_COUNTS[self.operator]
        count = len(self.values)
        if count < least or (most is not None and count > most):
            takes = "no values" if most == 0 else f"at least {least}" if most is None else f"exactly {least}"
            raise refused(f"{self.operator} takes {takes}, not {count}: see Values")
        return self


def as_filter_operator(value: Any) -> Any:
    """`And` or `Or`, nothing else."""
    if value not in {"And", "Or"}:
        raise refused(f"{value!r} is no filter operator; accepted: And, Or")
    return value


class FilterExpression(Expression):
    """Conditions and nested filters, joined by And or Or."""

    filter_operator: Annotated[
        Literal["And", "Or"], Field(alias="FilterOperator"), BeforeValidator(as_filter_operator)
    ] = "And"
    conditions: Annotated[tuple[ConditionExpression, ...], Field(alias="Conditions", strict=False)] = ()
    filters: Annotated[tuple[FilterExpression, ...], Field(alias="Filters", strict=False)] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing at all."""
        return not self.conditions and not self.filters

    def node(self, path: str, depth: int = 0) -> Node:
        """The filter as a node of the tree."""
        terms: list[Node] = [
            Comparison(one.attribute_name, one.operator, one.values, f"{path}.Conditions[{index}]")
            for index, one in enumerate(self.conditions)
        ]
        terms += [one.node(f"{path}.Filters[{index}]", depth + 1) for index, one in enumerate(self.filters)]
        return terms[0] if len(terms) == 1 else Junction(self.filter_operator == "Or", tuple(terms), path)


def check_depth(value: Any) -> Any:
    """Refuse a filter nested so deep that reading it would exhaust the stack."""
    depth, level = 0, [value]
    while level:
        depth += 1
        if depth > DEEPEST_FILTER:
            raise refused(f"filters are nested more than {DEEPEST_FILTER} deep")
        level = [
            inner
            for one in level
            if isinstance(one, dict) and isinstance(one.get("Filters"), list | tuple)
            for inner in one["Filters"]
        ]
    return value


class QueryExpression(Expression):
    """Which records of one entity to delete."""

    entity_name: Annotated[str, Field(alias="EntityName", min_length=1, max_length=255)]
    criteria: Annotated[FilterExpression | None, Field(alias="Criteria"), BeforeValidator(check_depth)] = None
    all_records: bool = False

    @model_validator(mode="after")
    def say_what_goes(self) -> Self:
        """Refuse a query that would delete everything without saying so, and one that says nothing in some filter."""
        filters = [self.criteria] if self.criteria else []
        conditions = 0
        for one in filters:
            filters.extend(one.filters)
            conditions += len(one.conditions)
            if one.is_empty and (one is not self.criteria):
                raise refused("Criteria: a nested filter has no conditions; leave it out or fill it")
        if conditions > MOST_CONDITIONS:
            raise refused(f"Criteria: {conditions} conditions; at most {MOST_CONDITIONS} are taken")
        if not conditions and not self.all_records:
            raise refused(
                "Criteria: the query has no condition and would delete every record; "
                "say all_records: true in the query if that is meant"
            )
        if conditions and self.all_records:
            raise refused("all_records: true contradicts the conditions in Criteria; leave one of them out")
        return self

    def tree(self, path: str) -> QueryTree:
        """The query as a syntax tree; `path` is where it stands in the job."""
        empty = self.criteria is None or self.criteria.is_empty
        where = None if empty or self.criteria is None else self.criteria.node(f"{path}.Criteria")
        return QueryTree(self.entity_name, where, path)
