"""A DELETE, or its condition, as a syntax tree.

`DELETE FROM contact WHERE …`; with links that conditions may name `DELETE FROM contact JOIN task ON task.contact =
contact.id WHERE …`. What cannot be expressed is refused with its place in the text.
"""

from __future__ import annotations

from sqlglot import exp

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.expression import MOST_TOP
from bulkdelete.domain.query.sql.comparisons import unwrapped
from bulkdelete.domain.query.sql.conditions import Conditions, terms_of
from bulkdelete.domain.query.sql.functions import DISTINCT_ROWS, TEXT_COMPARE
from bulkdelete.domain.query.sql.links import join_table, related, table_of
from bulkdelete.domain.query.sql.literals import value_of
from bulkdelete.domain.query.sql.names import Frame, Scope, Table, attribute_of, only, word
from bulkdelete.domain.query.sql.parsing import SqlDialect, Text, parsed
from bulkdelete.domain.query.tree import Node, Order, QueryTree, TextMode, junction


def tree_of_sql(
    sql: str, dialect: SqlDialect = SqlDialect.PLAIN, entity: str | None = None, place: str = "sql"
) -> QueryTree:
    """The query that SQL says; with `entity` the text is only the condition. Raises InvalidJobError with the place."""
    text = Text(sql, dialect, place)
    try:
        if entity is not None:
            found = parsed(text, condition_only=True)
            root = Table(entity, None, found, is_root=True)
            return Reading(text, Frame([root])).tree(found, (), None)
        return of_delete(text, parsed(text, condition_only=False))
    except RecursionError:
        raise InvalidJobError("is nested too deep", place) from None


def of_delete(text: Text, found: exp.Expr) -> QueryTree:
    """A DELETE statement."""
    if not isinstance(found, exp.Delete):
        raise text.refusal(
            f"{word(found)} stands where DELETE FROM … WHERE … is expected; "
            "only a condition may stand there if EntityName says of which entity",
            found,
        )
    plain = text.dialect is SqlDialect.PLAIN
    # In a target's own dialect ORDER BY and LIMIT sort nulls in their own way.
    only(found, text, "this", "tables", "where", *(("order", "limit") if plain else ()))
    table = found.this
    if not isinstance(table, exp.Table):
        raise text.refusal("the table to delete from is expected", found)
    frame = Frame([table_of(table, text, is_root=True)])
    check_targets(found.args.get("tables") or [], frame.base, text)
    reading = Reading(text, frame)
    for join in table.args.get("joins") or []:
        join_table(join, frame, [], text, reading.conditions)
    where = found.args.get("where")
    orders, top = reading.orders(found.args.get("order")), top_of(found.args.get("limit"), text)
    return reading.tree(where.this if where is not None else None, orders, top)


def check_targets(targets: list[exp.Expr], base: Table, text: Text) -> None:
    """`DELETE contact FROM contact JOIN …` deletes of the first table only."""
    for one in targets:
        if not isinstance(one, exp.Table) or one.name not in base.qualifiers or len(targets) > 1:
            raise text.refusal("records of one table are deleted, the first after FROM", one)


class Reading:
    """Reads the parts of one statement."""

    def __init__(self, text: Text, frame: Frame) -> None:
        self.text = text
        self.frame = frame
        self.scope = Scope(text, [frame], frame.base)
        self.conditions = Conditions(related)
        self.text_mode: TextMode | None = None
        self.distinct = False

    def tree(self, where: exp.Expr | None, orders: tuple[Order, ...], top: int | None) -> QueryTree:
        """The whole query."""
        node = self.where(where) if where is not None else None
        links = tuple(one.link(self.text) for one in self.frame.base.links)
        return QueryTree(
            self.frame.base.entity, node, self.text.place, links, orders, top, self.distinct, self.text_mode
        )

    def where(self, where: exp.Expr) -> Node | None:
        """The condition, without what is about the whole query."""
        terms = [one for one in terms_of(where, exp.And) if not self.is_setting(one)]
        nodes = tuple(self.conditions.node(one, self.scope) for one in terms)
        return junction(False, nodes, self.text.at(where)) if nodes else None

    def is_setting(self, node: exp.Expr) -> bool:
        """Take `text_compare('exact')` and `distinct_rows()`."""
        if not isinstance(node, exp.Anonymous):
            return False
        match str(node.this).lower():
            case name if name == TEXT_COMPARE:
                said = value_of(node.expressions[0], self.text) if len(node.expressions) == 1 else None
                if said not in set(TextMode) or self.text_mode is not None:
                    raise self.text.refusal(f"{TEXT_COMPARE} takes one of {', '.join(TextMode)}, once", node)
                self.text_mode = TextMode(str(said))
            case name if name == DISTINCT_ROWS:
                if node.expressions:
                    raise self.text.refusal(f"{DISTINCT_ROWS} takes nothing", node)
                self.distinct = True
            case _:
                return False
        return True

    def orders(self, order: exp.Expr | None) -> tuple[Order, ...]:
        """ORDER BY: columns, each up or down."""
        found = []
        for one in order.expressions if order is not None else []:
            only(one, self.text, "this", "desc", "nulls_first")
            column = unwrapped(one.this)
            if not isinstance(column, exp.Column):
                raise self.text.refusal(f"{word(column)} stands in ORDER BY, where a column is expected", one)
            found.append(
                Order(attribute_of(column, self.text), bool(one.args.get("desc")), self.text.at(column),
                      self.scope.entity(column))
            )  # fmt: skip
        return tuple(found)


def top_of(limit: exp.Expr | None, text: Text) -> int | None:
    """LIMIT: how many at most."""
    if limit is None:
        return None
    only(limit, text, "expression")
    value = value_of(limit.expression, text)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_TOP:
        raise text.refusal(f"a whole number from 1 to {MOST_TOP:,} is accepted as LIMIT", limit)
    return value
