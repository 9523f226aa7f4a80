"""Tables beside the one that is deleted from: joins, EXISTS and IN, as links of the tree."""

from __future__ import annotations

from sqlglot import exp

from bulkdelete.domain.query.sql.comparisons import column_of, unwrapped
from bulkdelete.domain.query.sql.conditions import Conditions, terms_of
from bulkdelete.domain.query.sql.functions import LINKS
from bulkdelete.domain.query.sql.names import Frame, Scope, Table, attribute_of, identifier, only, word
from bulkdelete.domain.query.sql.parsing import Text
from bulkdelete.domain.query.tree import Join, Link, junction

IN_EXISTS = {Join.ANY, Join.ALL, Join.NOT_ALL}
"""The links that only a function of ours says, in EXISTS (SELECT …)."""


def table_of(node: exp.Table, text: Text, is_root: bool = False) -> Table:
    """A table in a FROM."""
    only(node, text, "this", "db", "catalog", "alias", *(("joins",) if is_root else ()))
    parts = [node.args.get(one) for one in ("catalog", "db", "this")]
    entity = ".".join(identifier(one, text) for one in parts if one is not None)
    alias = node.args.get("alias")
    if alias is not None:
        only(alias, text, "this")
    return Table(entity, identifier(alias.this, text) if alias is not None else None, node, is_root)


def join_table(join: exp.Expr, frame: Frame, outer: list[Frame], text: Text, conditions: Conditions) -> None:
    """A join as a link of the table that its condition names."""
    side, kind = str(join.args.get("side") or "").upper(), str(join.args.get("kind") or "").upper()
    only(
        join,
        text,
        "this",
        "on",
        *(("side",) if side == "LEFT" else ()),
        *(("kind",) if kind in {"INNER", "OUTER"} else ()),
    )
    if join.args.get("on") is None or not isinstance(join.this, exp.Table) or (kind == "INNER" and side):
        raise text.refusal("a join names a table and, in ON, the columns that are equal", join)
    table = table_of(join.this, text)
    earlier = list(frame.tables)
    frame.tables.append(table)
    scope = Scope(text, [frame, *outer], table)
    around = correlate(terms_of(join.args["on"], exp.And), table, earlier, scope, conditions)
    if side == "LEFT":
        if table.join is not Join.INNER:
            raise text.refusal("a LEFT JOIN says which link it is; write an equality in its ON", join)
        table.join = Join.LEFT_OUTER
    around.links.append(table)


def related(node: exp.Expr, member: exp.Expr | None, scope: Scope, negated: bool) -> Link:
    """`EXISTS (SELECT …)`, NOT before it or not, or `member IN (SELECT …)`."""
    text = scope.text
    select = node.this
    while isinstance(select, exp.Subquery | exp.Paren):
        only(select, text, "this")
        select = select.this
    if not isinstance(select, exp.Select):
        raise text.refusal(f"{word(select)} is not taken; SELECT … FROM … WHERE … is", node)
    only(select, text, "expressions", "from_", "joins", "where")
    source = select.args.get("from_")
    if source is None or not isinstance(source.this, exp.Table):
        raise text.refusal("a subquery is about a table: SELECT … FROM table WHERE …", select)
    frame = Frame([table_of(source.this, text)])
    conditions = Conditions(related)
    for join in select.args.get("joins") or []:
        join_table(join, frame, scope.frames, text, conditions)
    inner = Scope(text, [frame, *scope.frames], frame.base)
    where = select.args.get("where")
    terms = terms_of(where.this, exp.And) if where is not None else []
    if member is not None:
        membership(select, member, frame.base, scope, inner)
        nodes = tuple(conditions.node(one, inner) for one in terms)
        frame.base.where = junction(False, nodes, text.at(where)) if nodes else None
        return frame.base.link(text)
    check_selected(select, text)
    correlate(terms, frame.base, [scope.own], inner, conditions, select)
    frame.base.join = kind_of_exists(frame.base.join, negated, text, select)
    return frame.base.link(text)


def check_selected(select: exp.Select, text: Text) -> None:
    """What EXISTS selects has no meaning, unless it is computed over all rows: an aggregate always finds one."""
    for one in select.expressions:
        if not isinstance(unwrapped(one), exp.Literal | exp.Star | exp.Column | exp.Null | exp.Boolean):
            raise text.refusal(f"{word(one)} is not taken in EXISTS (SELECT …); write SELECT 1", one)


def kind_of_exists(join: Join, negated: bool, text: Text, select: exp.Expr) -> Join:
    """Which link EXISTS means."""
    if join is Join.INNER:
        return Join.NOT_ANY if negated else Join.EXISTS
    if negated or join not in IN_EXISTS:
        raise text.refusal("which link it is does not go with EXISTS, or with NOT before it", select)
    return join


def membership(select: exp.Select, member: exp.Expr, table: Table, scope: Scope, inner: Scope) -> None:
    """`member IN (SELECT own …)`: the two columns that are equal."""
    if len(select.expressions) != 1:
        raise scope.text.refusal("IN (SELECT …) selects one column", select)
    outside, inside = column_of(member, scope), column_of(select.expressions[0], inner)
    if scope.table_of(outside) is not scope.own:
        raise scope.text.refusal(f'the column before IN belongs to "{scope.own.name}" here', outside)
    if inner.table_of(inside) is not table:
        raise scope.text.refusal(f'the column that is selected belongs to "{table.name}"', inside)
    table.join = Join.IN
    table.attribute, table.outer_attribute = attribute_of(inside, scope.text), attribute_of(outside, scope.text)


def correlate(
    terms: list[exp.Expr], table: Table, around: list[Table], scope: Scope, conditions: Conditions,
    place: exp.Expr | None = None,
) -> Table:  # fmt: skip
    """Find what joins a table to one of those around it; the other terms are its filter. Returns which it is."""
    for at, term in enumerate(terms):
        found = equality(term, table, around, scope)
        if found is None:
            continue
        other, table.attribute, table.outer_attribute, table.join = found
        rest = tuple(conditions.node(one, scope) for one in [*terms[:at], *terms[at + 1 :]])
        table.where = junction(False, rest, scope.text.at(table.node)) if rest else None
        return other
    names = " or ".join(dict.fromkeys(f'"{one.name}"' for one in around))
    raise scope.text.refusal(
        f'nothing joins "{table.name}" to {names}: an equality of a column of each is expected, both with their table '
        f"(such as {table.name}.parent = {around[0].name}.id), joined by AND",
        place or table.node,
    )


def equality(term: exp.Expr, table: Table, around: list[Table], scope: Scope) -> tuple[Table, str, str, Join] | None:
    """`own.column = other.column`, or a function that says which link it is."""
    term = unwrapped(term)
    if isinstance(term, exp.EQ):
        sides, join = [unwrapped(term.this), unwrapped(term.expression)], Join.INNER
    elif isinstance(term, exp.Anonymous) and str(term.this).lower() in LINKS:
        sides, join = [unwrapped(one) for one in term.expressions], LINKS[str(term.this).lower()]
    else:
        return None
    if len(sides) != 2 or not all(isinstance(one, exp.Column) for one in sides):
        return None
    columns = [column_of(one, scope) for one in sides]
    tables = [scope.table_of(one) for one in columns]
    for own, other in ((0, 1), (1, 0)):
        if tables[own] is table and any(tables[other] is one for one in around):
            names = [attribute_of(one, scope.text) for one in columns]
            return tables[other], names[own], names[other], join
    return None
