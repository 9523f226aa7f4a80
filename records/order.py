"""The order in which the queries of a set run."""

from __future__ import annotations

from collections.abc import Mapping

from bulkdelete.records.catalogue import Catalogue


def order_of_queries(catalogue: Catalogue, entities: list[str]) -> list[int]:
    """The queries in the order they run: a restricting entity before the one it restricts, else as written."""
    before: dict[int, set[int]] = {}
    for later, entity in enumerate(entities):
        restricting = {
            one.child for name in catalogue.reached(entity) for one in catalogue.referrers(name) if one.restricts
        }
        # A partition with a foreign key of its own restricts as the whole table does.
        restricting |= {whole for child in restricting for whole in catalogue.entities[child].part_of}
        before[later] = {earlier for earlier, other in enumerate(entities) if other in restricting and other != entity}
    ordered: list[int] = []
    while len(ordered) < len(entities):
        rest = {index: before[index] - set(ordered) for index in before if index not in ordered}
        waits = {index: ancestors(index, rest) for index in rest}
        # The first that waits for nothing, or, in a ring, for nothing but what waits for it.
        ordered.append(next(index for index in rest if all(index in waits[one] for one in waits[index])))
    return ordered


def ancestors(index: int, before: Mapping[int, set[int]]) -> set[int]:
    """Everything that must come before, directly or not."""
    found, pending = set(), [index]
    while pending:
        for one in before[pending.pop()]:
            if one not in found:
                found.add(one)
                pending.append(one)
    return found
