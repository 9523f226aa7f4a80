"""The syntax tree as FetchXML, so that reading it again gives the same tree."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.fetchxml.words import JOINS, Element
from bulkdelete.domain.query.tree import Comparison, Junction, Link, Node, Order, QueryTree, Value

LINK_TYPES = {join: name for name, join in JOINS.items()}
LARGEST_INT32 = 2**31


def fetchxml_of(tree: QueryTree) -> str:
    """The query as FetchXML. Raises InvalidJobError for what it cannot say: a character that XML has none for."""
    said = {"version": "1.0", "mapping": "logical"}
    if tree.top is not None:
        said["top"] = str(tree.top)
    if tree.distinct:
        said["distinct"] = "true"
    if tree.text is not None:
        said["text"] = tree.text.value
    root = element(None, "fetch", said, "")
    entity = element(root, "entity", {"name": tree.entity}, tree.path)
    write_parts(entity, tree.where, tree.links, tree.orders)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def element(parent: Element | None, tag: str, said: dict[str, str], path: str) -> Element:
    """An element with these attributes."""
    found = etree.Element(tag) if parent is None else etree.SubElement(parent, tag)
    for name, value in said.items():
        try:
            found.set(name, value)
        except ValueError:
            raise InvalidJobError(f"{value!r:.100} has a character that XML has none for", path or name) from None
    return found


def write_parts(around: Element, where: Node | None, links: tuple[Link, ...], orders: tuple[Order, ...]) -> None:
    """What an entity and a link have: a filter, links, orders."""
    for order in orders:
        said = {"attribute": order.attribute}
        if order.descending:
            said["descending"] = "true"
        if order.entity is not None:
            said["entityname"] = order.entity
        element(around, "order", said, order.path)
    if isinstance(where, Junction):
        write_node(around, where)
    elif where is not None:
        write_node(element(around, "filter", {"type": "and"}, ""), where)
    for link in links:
        write_node(around, link)


def write_node(around: Element, node: Node) -> None:
    """A condition, a filter, or a link within one."""
    match node:
        case Comparison():
            write_condition(around, node)
        case Junction(any=any_of, terms=terms, path=path):
            inner = element(around, "filter", {"type": "or" if any_of else "and"}, path)
            for term in terms:
                write_node(inner, term)
        case Link():
            said = {"name": node.entity, "from": node.attribute, "to": node.outer_attribute,
                    "link-type": LINK_TYPES[node.join]}  # fmt: skip
            if node.alias is not None:
                said["alias"] = node.alias
            write_parts(element(around, "link-entity", said, node.path), node.where, node.links, node.orders)


def write_condition(around: Element, node: Comparison) -> None:
    """One comparison: one value as an attribute, several as elements."""
    said = {"attribute": node.attribute, "operator": node.operator.form.fetchxml}
    if node.entity is not None:
        said["entityname"] = node.entity
    if node.column is not None:
        column, named = node.column, node.column.entity
        if "." in column.attribute:
            raise InvalidJobError(
                f'FetchXML cannot name the column "{column.attribute}" in valueof: it has a dot', node.path
            )
        said["valueof"] = column.attribute if named is None else f"{named}.{column.attribute}"
    elif len(node.values) == 1:
        said |= written(node.values[0], "value")
    found = element(around, "condition", said, node.path)
    for value in node.values if len(node.values) > 1 else ():
        spelled = written(value, "text")
        text = spelled.pop("text")
        one = element(found, "value", spelled, node.path)
        try:
            one.text = text
        except ValueError:
            raise InvalidJobError(f"{text!r:.100} has a character that XML has none for", node.path) from None


def written(value: Value, name: str) -> dict[str, str]:
    """A value as attributes: its text, and its type where it is no text."""
    match value:
        case bool():
            return {name: str(value).lower(), "uitype": "System.Boolean"}
        case int():
            small = -LARGEST_INT32 <= value < LARGEST_INT32
            return {name: str(value), "uitype": "System.Int32" if small else "System.Decimal"}
        case Decimal():
            return {name: str(value), "uitype": "System.Decimal"}
        case _:
            return {name: value}
