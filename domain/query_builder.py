"""Query: how a query is written in Python."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bulkdelete.domain.query.expression import QueryExpression


@dataclass(frozen=True)
class Query:
    """Which records to delete: `Query("incident").where(statecode=1).where("createdon", "LessThan", "2024-01-01")`.

    It deletes nothing unless it says what: by `where`, or by `all_records`.
    """

    entity: str
    conditions: tuple[dict[str, Any], ...] = ()
    all: bool = False
    links: tuple[dict[str, Any], ...] = ()

    def where(self, attribute: str | None = None, operator: str = "Equal", *values: Any, **equal: Any) -> Query:
        """The same query with one more condition, or several; all of them must be true.

        A keyword with None asks for null, with a list or tuple for any of its values.
        """
        added: list[dict[str, Any]] = []
        if attribute is not None:
            added.append({"AttributeName": attribute, "Operator": str(operator), "Values": values})
        for name, value in equal.items():
            match value:
                case None:
                    added.append({"AttributeName": name, "Operator": "Null"})
                case list() | tuple():
                    added.append({"AttributeName": name, "Operator": "In", "Values": tuple(value)})
                case _:
                    added.append({"AttributeName": name, "Operator": "Equal", "Values": (value,)})
        return replace(self, conditions=(*self.conditions, *added))

    def related(
        self, query: Query, attribute: str, to: str = "id", join: str = "Inner", alias: str | None = None
    ) -> Query:
        """The same query, asking for records of another entity that belong to it and match `query`.

        `attribute` is the other entity's, `to` this one's, which it equals; `join` is Dataverse's `JoinOperator`:
        `Query("account").related(Query("task").where(state="open"), "account_id", join="NotAny")`.
        """
        link: dict[str, Any] = {
            "LinkFromEntityName": self.entity, "LinkFromAttributeName": to, "LinkToEntityName": query.entity,
            "LinkToAttributeName": attribute, "JoinOperator": join, "EntityAlias": alias,
            "LinkEntities": query.links,
        }  # fmt: skip
        if query.conditions:
            link["LinkCriteria"] = {"Conditions": query.conditions}
        return replace(self, links=(*self.links, link))

    def all_records(self) -> Query:
        """The same query, meaning every record of the entity."""
        return replace(self, all=True)

    def expression(self) -> QueryExpression:
        """The query as Dataverse writes it. Raises pydantic's ValidationError where it says nothing or nonsense."""
        words: dict[str, Any] = {"EntityName": self.entity, "all_records": self.all}
        if self.conditions:
            words["Criteria"] = {"Conditions": self.conditions}
        if self.links:
            words["LinkEntities"] = self.links
        return QueryExpression.model_validate(words)
