"""Generated queries: random syntax trees over the entities of `world`, from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.tree import (
    Column,
    Comparison,
    Join,
    Junction,
    Link,
    Node,
    Order,
    QueryTree,
    TextMode,
)
from tests.language.world import ATTRIBUTES, OPERATORS, RELATED, values_for

ROWS = [Join.INNER, Join.LEFT_OUTER, Join.NATURAL, Join.MATCH_FIRST_ROW, Join.IN, Join.EXISTS]
FILTERS = [Join.ANY, Join.NOT_ANY, Join.ALL, Join.NOT_ALL]
COMPARED = [Operator.EQUAL, Operator.NOT_EQUAL, Operator.LESS_THAN, Operator.GREATER_EQUAL]


@dataclass
class Trees:
    """Makes trees; `links` bounds how many a query has."""

    chance: random.Random
    links: int = 3
    top: bool = False
    aliases: int = 0
    left: int = field(default=0)

    def tree(self) -> QueryTree:
        """One query."""
        self.aliases, self.left = 0, self.chance.choice([0, 0, 1, self.links])
        links = tuple(self.link("item", ROWS, 2) for _ in range(self.chance.randint(0, 2)) if self.left > 0)
        seen = [("item", None), *((one.entity, one.alias) for link in links for one in shown(link))]
        where = self.node(seen, 2) if self.chance.random() < 0.9 or not links else None
        orders = tuple(self.order() for _ in range(self.chance.randint(1, 2))) if self.top else ()
        top = self.chance.randint(1, 9) if self.top else None
        text = self.chance.choice([None, *TextMode])
        return QueryTree("item", where, "", links, orders, top, self.chance.random() < 0.2, text)

    def order(self) -> Order:
        """What to order by."""
        return Order(self.chance.choice(["n", "m", "id", "z"]), self.chance.random() < 0.5, "")

    def node(self, seen: list[tuple[str, str | None]], depth: int) -> Node:
        """A condition on one of the entities seen from here; the first is the one it stands in."""
        if depth and self.chance.random() < 0.55:
            terms = tuple(self.node(seen, depth - 1) for _ in range(self.chance.randint(2, 3)))
            return Junction(self.chance.random() < 0.5, terms, "")
        if self.left > 0 and self.chance.random() < 0.25:
            return self.link(seen[0][0], [*FILTERS, Join.EXISTS, Join.IN], depth, seen)
        return self.comparison(seen)

    def comparison(self, seen: list[tuple[str, str | None]]) -> Comparison:
        """One comparison, sometimes of two columns."""
        entity, alias = self.chance.choice(seen)
        attribute, kind = self.chance.choice(list(ATTRIBUTES[entity].items()))
        if self.chance.random() < 0.12:
            other, name = self.chance.choice(seen)
            same = [one for one, what in ATTRIBUTES[other].items() if what == kind and kind != "choices"]
            if same:
                operators = COMPARED[:2] if kind == "truth" else COMPARED
                column = Column(self.chance.choice(same), name if (other, name) != (entity, alias) else None)
                column = column if name is not None or alias is None else Column(column.attribute, "item")
                return Comparison(attribute, self.chance.choice(operators), (), "", alias, column)
        operator = self.chance.choice(OPERATORS[kind])
        return Comparison(attribute, operator, values_for(self.chance, operator, kind), "", alias)

    def link(
        self, outer: str, joins: list[Join], depth: int, around: list[tuple[str, str | None]] | None = None
    ) -> Link:
        """A link from an entity, with conditions and sometimes links within it."""
        self.left -= 1
        self.aliases += 1
        entity, outer_attribute, attribute = self.chance.choice(RELATED[outer])
        alias = f"l{self.aliases}"
        seen = [(entity, alias), *(one for one in around or [] if one[1] is not None)]
        where = self.node([(entity, None), *seen[1:]], max(0, depth - 1)) if self.chance.random() < 0.7 else None
        inner = tuple(self.link(entity, ROWS, depth - 1) for _ in range(1) if depth and self.left > 0)
        return Link(entity, attribute, outer_attribute, self.chance.choice(joins), "", alias, where, inner)


def shown(link: Link) -> list[Link]:
    """The links that conditions outside may name."""
    return [link, *(inner for one in link.links for inner in shown(one))] if link.join.is_visible else []


def generated(seed: int, count: int, links: int = 3, top: bool = False) -> list[QueryTree]:
    """So many queries."""
    trees = Trees(random.Random(seed), links, top)
    return [trees.tree() for _ in range(count)]
