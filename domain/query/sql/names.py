"""Which entity a column of SQL belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from bulkdelete.domain.query.sql.parsing import SqlDialect, Text
from bulkdelete.domain.query.tree import Join, Link, Node, Order
from bulkdelete.domain.spelling import suggestion


@dataclass
class Table:
    """A table in a FROM: the statement's own, or a link in the making."""

    entity: str
    alias: str | None
    node: exp.Expr
    is_root: bool = False
    attribute: str = ""
    outer_attribute: str = ""
    join: Join = Join.INNER
    where: Node | None = None
    links: list[Table] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What conditions of the tree call it."""
        return self.entity if self.is_root else self.alias or self.entity

    @property
    def qualifiers(self) -> set[str]:
        """What SQL calls it: its alias, else its name, with or without the schema."""
        return {self.alias} if self.alias else {self.entity, self.entity.rpartition(".")[2]}

    def link(self, text: Text, orders: tuple[Order, ...] = ()) -> Link:
        """As a node of the tree."""
        return Link(
            self.entity, self.attribute, self.outer_attribute, self.join, text.at(self.node), self.alias, self.where,
            tuple(one.link(text) for one in self.links), orders,
        )  # fmt: skip


@dataclass
class Frame:
    """One FROM: the table that it is about first, then those joined to it."""

    tables: list[Table]

    @property
    def base(self) -> Table:
        """The table that it is about."""
        return self.tables[0]


@dataclass
class Scope:
    """What may be named in one place: the frames seen from there, the innermost first."""

    text: Text
    frames: list[Frame]
    own: Table
    """The entity that a condition here stands in: a column without a table is one of its."""

    def within(self, own: Table) -> Scope:
        """The same, standing in another table of the innermost frame."""
        return Scope(self.text, self.frames, own)

    def table_of(self, column: exp.Column) -> Table:
        """The table of a column. Raises InvalidJobError for none, or several."""
        qualifier = qualifier_of(column, self.text)
        if qualifier is None:
            return self.own
        for frame in self.frames:
            found = [one for one in frame.tables if qualifier in one.qualifiers]
            if len(found) > 1:
                raise self.text.refusal(f'"{qualifier}" may mean several tables; give them aliases', column)
            if found:
                return found[0]
        known = [name for frame in self.frames for one in frame.tables for name in sorted(one.qualifiers)]
        near = suggestion(qualifier, known) or f"; known: {', '.join(dict.fromkeys(known))}"
        raise self.text.refusal(f'no table is called "{qualifier:.100}" here{near}', column)

    def entity(self, column: exp.Column) -> str | None:
        """What the tree calls the entity of a column; None: the one that the condition stands in."""
        if qualifier_of(column, self.text) is None:
            return None
        table = self.table_of(column)
        if not table.is_root:
            return table.name
        if self.own is table and table.alias is not None:
            return None
        for one in (one for frame in self.frames for one in frame.tables if not one.is_root):
            if one.name == table.entity:
                raise self.text.refusal(
                    f'"{table.entity}" is the name of several tables here; give the inner one an alias', column
                )
        return table.entity


def identifier(node: exp.Expr, text: Text) -> str:
    """A name as the database has it: PostgreSQL folds what is not in quotes."""
    if not isinstance(node, exp.Identifier):
        raise text.refusal(f"{word(node)} stands where a name is expected", node)
    name = str(node.this)
    if not name or len(name) > 255:
        raise text.refusal("a name has 1 to 255 characters", node)
    return name.lower() if text.dialect is SqlDialect.POSTGRESQL and not node.args.get("quoted") else name


def qualifier_of(column: exp.Column, text: Text) -> str | None:
    """The table that a column names."""
    parts = [column.args.get(one) for one in ("catalog", "db", "table")]
    return ".".join(identifier(one, text) for one in parts if one is not None) or None


def attribute_of(column: exp.Column, text: Text) -> str:
    """The column's own name."""
    return identifier(column.this, text)


def word(node: exp.Expr | None) -> str:
    """What a part of SQL is called in a refusal."""
    if node is None:
        return "nothing"
    if isinstance(node, exp.Anonymous):
        return f"the function {node.name:.60}"
    key = str(node.key).upper().replace("_", " ")
    return {"SUBQUERY": "a subquery", "SELECT": "a subquery", "PLACEHOLDER": "a parameter", "PARAMETER": "a parameter",
            "STAR": "*", "CASE": "CASE", "COLUMN": "a column", "LITERAL": "a value"}.get(key, key)  # fmt: skip


def only(node: exp.Expr, text: Text, *known: str) -> None:
    """Refuse whatever else a part of SQL says: a word that is lost may delete more."""
    for name, value in node.args.items():
        if name in known or not value:
            continue
        inner = value[0] if isinstance(value, list) else value
        place = inner if isinstance(inner, exp.Expr) else node
        raise text.refusal(f"{PHRASES.get(name, name.upper().replace('_', ' '))} is not taken in {word(node)}", place)


PHRASES = {
    "with_": "a common table expression (WITH)", "with": "a common table expression (WITH)", "using": "USING",
    "returning": "RETURNING", "order": "ORDER BY", "limit": "LIMIT", "joins": "a join", "group": "GROUP BY",
    "sample": "TABLESAMPLE", "symmetric": "SYMMETRIC", "kind": "this kind of join", "method": "NATURAL JOIN",
    "side": "this kind of join", "hint": "a hint", "alias": "an alias",
}  # fmt: skip
