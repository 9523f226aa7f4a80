"""The syntax tree as SQL of the plain dialect, so that reading it again gives the same tree.

A column without a table is one of the entity that its condition stands in. Links that join rows are joins; those that
only ask for rows are EXISTS and IN, with a function of ours where SQL has no word for the kind of link.
"""

from __future__ import annotations

import re
from decimal import Decimal

from sqlglot.tokens import Tokenizer

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.sql.functions import DISTINCT_ROWS, LINK_NAMES, NAMES, TEXT_COMPARE
from bulkdelete.domain.query.sql.patterns import ESCAPE, sql_pattern
from bulkdelete.domain.query.tree import Column, Comparison, Join, Junction, Link, Node, QueryTree, Value

SIGNS = {
    Operator.EQUAL: "=", Operator.NOT_EQUAL: "IS DISTINCT FROM", Operator.GREATER_THAN: ">",
    Operator.GREATER_EQUAL: ">=", Operator.LESS_THAN: "<", Operator.LESS_EQUAL: "<=",
}  # fmt: skip
JOINS = {Join.INNER: "INNER JOIN", Join.LEFT_OUTER: "LEFT JOIN"}
KEYWORDS = {word for key in Tokenizer.KEYWORDS for word in key.lower().split()}


def sql_of(tree: QueryTree) -> str:
    """The query as a DELETE. Raises InvalidJobError for what SQL cannot say."""
    entity = table(tree.entity)
    lines = [f"DELETE FROM {entity}"]
    for link in tree.links:
        lines += joins(link, tree.entity)
    terms = [f"{TEXT_COMPARE}({value(tree.text.value)})"] if tree.text is not None else []
    terms += [f"{DISTINCT_ROWS}()"] if tree.distinct else []
    # A junction of And at the top is what AND joins there.
    conjunction = isinstance(tree.where, Junction) and not tree.where.any
    inner = list(tree.where.terms) if isinstance(tree.where, Junction) and conjunction else [tree.where]
    terms += [condition(one, tree.entity) for one in inner if one is not None]
    if terms:
        lines.append("WHERE " + "\n  AND ".join(terms))
    if tree.orders:
        each = (qualified(one.attribute, one.entity) + (" DESC" if one.descending else "") for one in tree.orders)
        lines.append(f"ORDER BY {', '.join(each)}")
    if tree.top is not None:
        lines.append(f"LIMIT {tree.top}")
    return "\n".join(lines)


def name(word: str) -> str:
    """A name, in quotes where it needs them."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", word, re.ASCII) and word not in KEYWORDS:
        return word
    return '"' + word.replace('"', '""') + '"'


def table(entity: str) -> str:
    """An entity: `schema.table` where it is called so."""
    parts = entity.split(".")
    return ".".join(name(part) for part in parts) if 1 < len(parts) <= 3 and all(parts) else name(entity)


def qualified(attribute: str, entity: str | None) -> str:
    """A column, with its table where the condition names one."""
    return name(attribute) if entity is None else f"{table(entity)}.{name(attribute)}"


def value(said: Value) -> str:
    """A value."""
    match said:
        case bool():
            return "TRUE" if said else "FALSE"
        case int():
            return str(said)
        case Decimal():
            return format(said, "f")
        case _:
            return "'" + said.replace("'", "''") + "'"


def condition(node: Node, around: str) -> str:
    """A condition; `around` is the entity that it stands in."""
    match node:
        case Comparison():
            return comparison(node)
        case Junction(any=any_of, terms=terms):
            return "(" + (" OR " if any_of else " AND ").join(condition(one, around) for one in terms) + ")"
        case Link():
            return subquery(node, around)


def comparison(node: Comparison) -> str:
    """One comparison: SQL's own words where it has them."""
    column, operator = qualified(node.attribute, node.entity), node.operator
    if node.column is not None:
        return f"{column} {'<>' if operator is Operator.NOT_EQUAL else SIGNS[operator]} {other(node.column)}"
    values = [value(one) for one in node.values]
    match operator:
        case Operator.IN | Operator.NOT_IN:
            return f"{column} {'IN' if operator is Operator.IN else 'NOT IN'} ({', '.join(values)})"
        case Operator.BETWEEN | Operator.NOT_BETWEEN:
            return f"{column} {'' if operator is Operator.BETWEEN else 'NOT '}BETWEEN {values[0]} AND {values[1]}"
        case Operator.NULL | Operator.NOT_NULL:
            return f"{column} IS {'NULL' if operator is Operator.NULL else 'NOT NULL'}"
        case Operator.LIKE | Operator.NOT_LIKE if found := sql_pattern(str(node.values[0])):
            escape = f" ESCAPE '{ESCAPE}'" if found[1] else ""
            return f"{column} {'LIKE' if operator is Operator.LIKE else 'NOT LIKE'} {value(found[0])}{escape}"
        case _ if operator in SIGNS:
            return f"{column} {SIGNS[operator]} {values[0]}"
        case _:
            return f"{NAMES[operator]}({', '.join([column, *values])})"


def other(column: Column) -> str:
    """The other side of a comparison of two columns."""
    return qualified(column.attribute, column.entity)


def source(link: Link, around: str) -> str:
    """A link's table. Raises InvalidJobError where its name would be that of the entity around it."""
    if link.orders:
        raise InvalidJobError("SQL cannot say the orders of a link; order the query by it (EntityName)", link.path)
    if link.name == around:
        raise InvalidJobError(f'SQL needs an alias for "{link.entity}", linked to itself', link.path)
    return table(link.entity) + (f" AS {name(link.alias)}" if link.alias is not None else "")


def correlation(link: Link, around: str, plain: set[Join]) -> str:
    """The columns that are equal; a function where SQL has no word for the link."""
    own, outer = qualified(link.attribute, link.name), qualified(link.outer_attribute, around)
    return f"{own} = {outer}" if link.join in plain else f"{LINK_NAMES[link.join]}({own}, {outer})"


def joins(link: Link, around: str) -> list[str]:
    """A link that joins rows, and those within it."""
    terms = [correlation(link, around, set(JOINS))]
    terms += [condition(link.where, link.name)] if link.where is not None else []
    line = f"{JOINS.get(link.join, 'INNER JOIN')} {source(link, around)} ON {' AND '.join(terms)}"
    return [line, *(inner for one in link.links for inner in joins(one, link.name))]


def subquery(link: Link, around: str) -> str:
    """A link that asks for rows."""
    inner = [line for one in link.links for line in joins(one, link.name)]
    rest = [condition(link.where, link.name)] if link.where is not None else []
    head = " ".join([f"FROM {source(link, around)}", *inner])
    if link.join is Join.IN:
        where = f" WHERE {rest[0]}" if rest else ""
        own, outer = qualified(link.attribute, link.name), qualified(link.outer_attribute, around)
        return f"{outer} IN (SELECT {own} {head}{where})"
    terms = " AND ".join([correlation(link, around, {Join.EXISTS, Join.NOT_ANY}), *rest])
    return f"{'NOT ' if link.join is Join.NOT_ANY else ''}EXISTS (SELECT 1 {head} WHERE {terms})"
