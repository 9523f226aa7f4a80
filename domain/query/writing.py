"""The syntax tree as `QueryExpression` JSON, so that reading it again gives the same tree."""

from __future__ import annotations

from typing import Any

from bulkdelete.domain.query.tree import Comparison, Junction, Link, Node, Order, QueryTree
from bulkdelete.domain.query.values import written_value


def expression_of(tree: QueryTree) -> dict[str, Any]:
    """The query in Dataverse's words, and ours where it has none."""
    found: dict[str, Any] = {"EntityName": tree.entity}
    if tree.where is not None:
        found["Criteria"] = filter_of(tree.where, tree.entity)
    if tree.links:
        found["LinkEntities"] = [link_of(link, tree.entity) for link in tree.links]
    if tree.orders:
        found["Orders"] = [order_of(one) for one in tree.orders]
    if tree.top is not None:
        found["TopCount"] = tree.top
    if tree.distinct:
        found["Distinct"] = True
    if tree.deletes_everything:
        found["all_records"] = True
    if tree.text is not None:
        found["text"] = tree.text.value
    return found


def filter_of(node: Node, around: str) -> dict[str, Any]:
    """A condition as a filter. Conditions come first in one: what stands after something else gets its own."""
    terms = list(node.terms) if isinstance(node, Junction) else [node]
    any_of = isinstance(node, Junction) and node.any
    found: dict[str, Any] = {"FilterOperator": "Or" if any_of else "And"}
    leading = next((at for at, term in enumerate(terms) if not isinstance(term, Comparison)), len(terms))
    if leading:
        found["Conditions"] = [condition_of(one) for one in terms[:leading] if isinstance(one, Comparison)]
    rest = terms[leading:]
    if rest and isinstance(rest[0], Link):
        found["AnyAllFilterLinkEntity"] = link_of(rest[0], around)
        rest = rest[1:]
    if rest:
        found["Filters"] = [filter_of(one, around) for one in rest]
    return found


def condition_of(node: Comparison) -> dict[str, Any]:
    """One comparison."""
    found: dict[str, Any] = {}
    if node.entity is not None:
        found["EntityName"] = node.entity
    found |= {"AttributeName": node.attribute, "Operator": node.operator.value}
    if node.column is not None:
        found |= {"CompareColumns": True, "Values": [node.column.attribute]}
        if node.column.entity is not None:
            found["CompareEntityName"] = node.column.entity
    elif node.values:
        found["Values"] = [written_value(value) for value in node.values]
    return found


def link_of(link: Link, around: str) -> dict[str, Any]:
    """One link; `around` is the entity it stands in."""
    found: dict[str, Any] = {
        "LinkFromEntityName": around,
        "LinkFromAttributeName": link.outer_attribute,
        "LinkToEntityName": link.entity,
        "LinkToAttributeName": link.attribute,
        "JoinOperator": link.join.value,
    }
    if link.alias is not None:
        found["EntityAlias"] = link.alias
    if link.where is not None:
        found["LinkCriteria"] = filter_of(link.where, link.entity)
    if link.links:
        found["LinkEntities"] = [link_of(one, link.entity) for one in link.links]
    if link.orders:
        found["Orders"] = [order_of(one) for one in link.orders]
    return found


def order_of(one: Order) -> dict[str, Any]:
    """One order."""
    found = {"AttributeName": one.attribute, "OrderType": "Descending" if one.descending else "Ascending"}
    return found if one.entity is None else {**found, "EntityName": one.entity}
