"""Conditions and orders of a `QueryExpression` (spec §6.1, §6.3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bulkdelete.domain.query.operators import COMPARES_COLUMNS, INTERNAL, Operator, takes
from bulkdelete.domain.query.tree import Column, Comparison, Join, Order
from bulkdelete.domain.query.values import PlainValue, refused
from bulkdelete.domain.query.words import Expression
from bulkdelete.domain.spelling import suggestion

Name = Annotated[str, Field(min_length=1, max_length=255)]


def named(kind: type[Operator | Join], what: str) -> BeforeValidator:
    """A validator that takes a member of the enumeration by its exact name, and suggests it where that is near."""

    def read(value: Any) -> Any:
        if isinstance(value, kind):
            return value
        names = [one.value for one in kind]
        if value is None:
            raise refused(f'null is no {what}; in YAML write "Null" in quotes')
        if not isinstance(value, str):
            raise refused(f"{value!r:.100} is no {what}: say it by name, the numbers differ between sources")
        if value in INTERNAL and kind is Operator:
            raise refused(f"{value} is internal to Dataverse: no query can say what it deletes by it")
        if value not in names:
            close = suggestion(value, names)
            raise refused(f"{value!r:.100} is no {what}{close or '; known: ' + ', '.join(names)}")
        return kind(value)

    return BeforeValidator(read)


class ConditionExpression(Expression):
    """One attribute held against values, or against another column."""

    entity_name: Annotated[Name | None, Field(alias="EntityName")] = None
    attribute_name: Annotated[Name, Field(alias="AttributeName")]
    operator: Annotated[Operator, Field(alias="Operator"), named(Operator, "operator")]
    values: Annotated[tuple[PlainValue, ...], Field(alias="Values", max_length=10_000, strict=False)] = ()
    compare_columns: Annotated[bool, Field(alias="CompareColumns")] = False
    compare_entity_name: Annotated[Name | None, Field(alias="CompareEntityName")] = None

    @model_validator(mode="after")
    def take_as_many_values_as_the_operator(self) -> Self:
        """Refuse a number of values that the operator does not take, and columns where none can be compared."""
        form, count = self.operator.form, len(self.values)
        if count < form.least or (form.most is not None and count > form.most):
            raise refused(f"{self.operator} takes {takes(self.operator)}, not {count}: see Values")
        if self.compare_columns and self.operator not in COMPARES_COLUMNS:
            listed = ", ".join(one for one in Operator if one in COMPARES_COLUMNS)
            raise refused(f"{self.operator} compares no two columns; those that do: {listed}: see CompareColumns")
        if self.compare_columns and not (isinstance(self.values[0], str) and self.values[0]):
            raise refused(f"{self.values[0]!r} is no name of a column: see Values")
        if self.compare_entity_name is not None and not self.compare_columns:
            raise refused("CompareEntityName says whose column is compared, and needs CompareColumns: true")
        return self

    def comparison(self, path: str) -> Comparison:
        """The condition as a node of the tree."""
        values, column = self.values, None
        if self.compare_columns:
            values, column = (), Column(str(self.values[0]), self.compare_entity_name)
        return Comparison(self.attribute_name, self.operator, values, path, self.entity_name, column)


class OrderExpression(Expression):
    """What records are ordered by: it matters where only the first so many are meant."""

    attribute_name: Annotated[Name, Field(alias="AttributeName")]
    order_type: Annotated[Literal["Ascending", "Descending"], Field(alias="OrderType")] = "Ascending"
    alias: Annotated[str | None, Field(alias="Alias", max_length=255)] = None
    entity_name: Annotated[Name | None, Field(alias="EntityName")] = None

    @model_validator(mode="after")
    def refuse_aggregates(self) -> Self:
        """An alias names an aggregated column."""
        if self.alias:
            raise refused("Alias orders by an aggregated column: a deletion has none")
        return self

    def order(self, path: str) -> Order:
        """As a node of the tree."""
        return Order(self.attribute_name, self.order_type == "Descending", path, self.entity_name)


def orders_of(orders: tuple[OrderExpression, ...], path: str) -> tuple[Order, ...]:
    """Orders as nodes of the tree."""
    return tuple(one.order(f"{path}.Orders[{at}]") for at, one in enumerate(orders))
