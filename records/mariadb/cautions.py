"""What is to be known before records of a table are deleted, beside what the deletion itself meets."""

from __future__ import annotations

import sqlalchemy as sa

from bulkdelete.records.catalogue import Entity

TRIGGERS = """
SELECT TRIGGER_NAME FROM information_schema.TRIGGERS
WHERE EVENT_OBJECT_SCHEMA = :db AND EVENT_OBJECT_TABLE = :name AND EVENT_MANIPULATION = 'DELETE' ORDER BY TRIGGER_NAME
"""


def cautions(connection: sa.Connection, entity: Entity) -> list[str]:
    """Triggers that run, and a history in which the records stay."""
    place = {"db": entity.physical["db"], "name": entity.table.name}
    triggers = connection.execute(sa.text(TRIGGERS), place).scalars()
    found = [f'trigger "{name}" runs for each deleted record of {entity.name}' for name in triggers]
    if entity.physical["kind"] == "SYSTEM VERSIONED":
        table = sa.inspect(connection).dialect.identifier_preparer.format_table(entity.table)
        found.append(
            f"{entity.name} is system-versioned: deleted records stay in its history, where "
            f"FOR SYSTEM_TIME shows them, until DELETE HISTORY FROM {table};"
        )
    return found
