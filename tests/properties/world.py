"""World: the records of a case, and who refers to whom, in plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.properties.case import Case, Link, Record, Row, Value
from tests.properties.kinds import FUTURE
from tests.records.oracle import holds


class World:
    """The records as they are; they go and lose links as the model says."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.rows: dict[Record, Row] = {
            (table.name, table.key_of(row)): dict(row) for table in case.tables for row in case.rows[table.name]
        }

    def referring(self, link: Link, parent: Record) -> list[Record]:
        """The records that refer to this one; a reference with a null in it refers to nothing."""
        return self.at(link.child, link.columns, [self.rows[parent][one] for one in link.parent_columns])

    def referred(self, link: Link, values: Iterable[Value]) -> Record | None:
        """The record that a reference with these values refers to."""
        found = self.at(link.parent, link.parent_columns, list(values))
        return found[0] if found else None

    def at(self, entity: str, columns: tuple[str, ...], values: list[Value]) -> list[Record]:
        """The records of an entity with these values, none of which is null."""
        if None in values:
            return []
        return [
            record
            for record, row in self.rows.items()
            if record[0] == entity and [row[one] for one in columns] == values
        ]

    def matching(self, query: Mapping[str, Any], fold: bool) -> list[Record]:
        """The records that a query asks for, and that were there before the cut-off."""
        entity = query["EntityName"]
        created_on = self.case.table(entity).created_on
        return [
            record
            for record, row in self.rows.items()
            if record[0] == entity
            and (created_on is None or row[created_on] not in {None, FUTURE})
            and holds(query.get("Criteria", {}), row, fold)
        ]
