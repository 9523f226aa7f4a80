"""The `QueryExpression` notation of Dataverse, as JSON or YAML (spec §6.1), and its way into the syntax tree.

Ours beside Dataverse's words: `all_records` and `text` of a query, and `CompareEntityName` of a condition with
`CompareColumns`: the alias of the link (or the name of the entity around) whose column it is compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.conditions import ConditionExpression, Name, OrderExpression, named, orders_of
from bulkdelete.domain.query.naming import check_names
from bulkdelete.domain.query.tree import (
    Join,
    Link,
    Node,
    QueryTree,
    TextMode,
    junction,
    placed,
)
from bulkdelete.domain.query.values import refused
from bulkdelete.domain.query.words import MOST_CONDITIONS, MOST_LINKS, Expression, check_extent

MOST_TOP = 5_000


def as_filter_operator(value: Any) -> Any:
    """`And` or `Or`, nothing else."""
    if value not in ("And", "Or"):
        raise refused(f"{value!r:.100} is no filter operator; accepted: And, Or")
    return value


class FilterExpression(Expression):
    """Conditions, nested filters and one link that asks for related rows, joined by And or Or."""

    filter_operator: Annotated[
        Literal["And", "Or"], Field(alias="FilterOperator"), BeforeValidator(as_filter_operator)
    ] = "And"
    conditions: Annotated[tuple[ConditionExpression, ...], Field(alias="Conditions", strict=False)] = ()
    filters: Annotated[tuple[FilterExpression, ...], Field(alias="Filters", strict=False)] = ()
    any_all: Annotated[LinkEntity | None, Field(alias="AnyAllFilterLinkEntity")] = None

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing at all."""
        return not self.conditions and not self.filters and self.any_all is None

    def node(self, path: str, around: tuple[str, ...]) -> Node:
        """The filter as a node of the tree; `around` names the entity it is about. Raises InvalidJobError."""
        terms: list[Node] = [one.comparison(f"{path}.Conditions[{at}]") for at, one in enumerate(self.conditions)]
        if self.any_all is not None:
            place = f"{path}.AnyAllFilterLinkEntity"
            if self.any_all.join_operator.is_visible:
                raise InvalidJobError(
                    f"{self.any_all.join_operator} joins rows; in a filter stand Any, NotAny, All, NotAll, Exists, In",
                    f"{place}.JoinOperator",
                )
            terms.append(self.any_all.link(place, around))
        for at, one in enumerate(self.filters):
            if one.is_empty:
                raise InvalidJobError(
                    "a nested filter has no conditions; leave it out or fill it", f"{path}.Filters[{at}]"
                )
            terms.append(one.node(f"{path}.Filters[{at}]", around))
        return junction(self.filter_operator == "Or", tuple(terms), path)


class LinkEntity(Expression):
    """Rows of another entity that belong to a record of the entity around it."""

    from_entity: Annotated[Name | None, Field(alias="LinkFromEntityName")] = None
    from_attribute: Annotated[Name, Field(alias="LinkFromAttributeName")]
    to_entity: Annotated[Name, Field(alias="LinkToEntityName")]
    to_attribute: Annotated[Name, Field(alias="LinkToAttributeName")]
    join_operator: Annotated[Join, Field(alias="JoinOperator"), named(Join, "join operator")] = Join.INNER
    alias: Annotated[str | None, Field(alias="EntityAlias", max_length=255)] = None
    criteria: Annotated[FilterExpression | None, Field(alias="LinkCriteria")] = None
    links: Annotated[tuple[LinkEntity, ...], Field(alias="LinkEntities", strict=False)] = ()
    orders: Annotated[tuple[OrderExpression, ...], Field(alias="Orders", strict=False)] = ()

    def link(self, path: str, around: tuple[str, ...]) -> Link:
        """As a node of the tree; `around` are the names of the entity it belongs to. Raises InvalidJobError."""
        if self.from_entity is not None and self.from_entity.lower() not in {one.lower() for one in around}:
            raise InvalidJobError(
                f'"{self.from_entity}" is not the entity around the link, which is "{around[0]}"',
                f"{path}.LinkFromEntityName",
            )
        names = (self.to_entity, *([self.alias] if self.alias else []))
        empty = self.criteria is None or self.criteria.is_empty
        where = None if empty or self.criteria is None else self.criteria.node(f"{path}.LinkCriteria", names)
        return Link(
            self.to_entity, self.to_attribute, self.from_attribute, self.join_operator, path, self.alias or None, where,
            tuple(one.link(f"{path}.LinkEntities[{at}]", names) for at, one in enumerate(self.links)),
            orders_of(self.orders, path),
        )  # fmt: skip


@dataclass(eq=False)
class Written:
    """The tree as it was written in another notation, with its places there; it says nothing that is not kept."""

    tree: QueryTree | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written)

    __hash__ = None  # type: ignore[assignment]


class QueryExpression(Expression):
    """Which records of one entity to delete."""

    _written: Written = PrivateAttr(default_factory=Written)

    entity_name: Annotated[Name, Field(alias="EntityName")]
    criteria: Annotated[FilterExpression | None, Field(alias="Criteria")] = None
    links: Annotated[tuple[LinkEntity, ...], Field(alias="LinkEntities", strict=False)] = ()
    orders: Annotated[tuple[OrderExpression, ...], Field(alias="Orders", strict=False)] = ()
    top: Annotated[int | None, Field(alias="TopCount", ge=1, le=MOST_TOP)] = None
    distinct: Annotated[bool, Field(alias="Distinct")] = False
    all_records: bool = False
    text: Annotated[TextMode | None, Field(strict=False)] = None

    @model_validator(mode="before")
    @classmethod
    def stay_shallow(cls, value: Any) -> Any:
        """Refuse what is nested too deep before it is read."""
        return check_extent(value)

    @model_validator(mode="after")
    def say_what_goes(self) -> Self:
        """Refuse a query that would delete everything without saying so, and one that says nothing in some filter."""
        try:
            tree = self.tree("")
            check_names(tree)
        except InvalidJobError as error:
            raise refused(error.reason, error.field or "") from None
        check_size(tree)
        if tree.deletes_everything and not self.all_records:
            raise refused(
                "Criteria: the query has no condition and would delete every record; "
                "say all_records: true in the query if that is meant"
            )
        if not tree.deletes_everything and self.all_records:
            raise refused(
                "all_records: true contradicts the conditions in Criteria or LinkEntities; leave one of them out"
            )
        if self.top is not None and not self.orders:
            raise refused("TopCount: which records are the first is not said; add Orders")
        return self

    def remember(self, tree: QueryTree) -> None:
        """Keep the places of the notation that it was written in, as long as this object lives."""
        self._written.tree = tree

    def tree(self, path: str) -> QueryTree:
        """The query as a syntax tree; `path` is where it stands in the job."""
        if self._written.tree is not None:
            return placed(self._written.tree, f"{path}." if path else "")
        empty = self.criteria is None or self.criteria.is_empty
        where = None if empty or self.criteria is None else self.criteria.node(f"{path}.Criteria", (self.entity_name,))
        links = tuple(one.link(f"{path}.LinkEntities[{at}]", (self.entity_name,)) for at, one in enumerate(self.links))
        return QueryTree(
            self.entity_name, where, path, links, orders_of(self.orders, path), self.top, self.distinct, self.text
        )


def check_size(tree: QueryTree) -> None:
    """Dataverse's own limits."""
    conditions, links = len(list(tree.comparisons())), len(list(tree.every_link()))
    if conditions + links > MOST_CONDITIONS:
        raise refused(f"Criteria: {conditions + links} conditions and links; at most {MOST_CONDITIONS} are taken")
    if links > MOST_LINKS:
        raise refused(f"LinkEntities: {links} links; at most {MOST_LINKS} are taken")
