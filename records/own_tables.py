"""Making our three tables in a target, or showing who may how."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from bulkdelete.domain.errors import InvalidJobError, UnavailableError
from bulkdelete.records.dialect import Dialect
from bulkdelete.records.ledger import Ledger

SECONDS = 5.0


@dataclass(frozen=True)
class OwnTables:
    """Our tables in one target."""

    engine: sa.Engine
    dialect: Dialect
    ledger: Ledger

    def are_there(self) -> bool:
        """Whether all three are; what may not be looked at is not. Raises the database's error where it is away."""
        with self.dialect.reading(self.engine, SECONDS) as connection:
            try:
                inspector = sa.inspect(connection)
                return all(inspector.has_table(one.name, schema=one.schema) for one in self.ledger.tables)
            except sa.exc.DBAPIError as error:
                if self.dialect.fault(error).kind != "record":
                    raise
                return False

    def create(self) -> None:
        """Make them where they are missing. Raises InvalidJobError with the DDL where we may not."""
        try:
            if not self.are_there():
                self.execute(self.ledger.statements(self.engine.dialect))
        except sa.exc.DBAPIError as error:
            text = self.dialect.fault(error).text
            raise UnavailableError(f"the target database is away or busy: {text}") from error

    def execute(self, statements: list[str]) -> None:
        """Run the DDL."""
        try:
            with self.dialect.transaction(self.engine) as connection:
                for statement in statements:
                    connection.exec_driver_sql(statement)
        except sa.exc.DBAPIError as error:
            fault = self.dialect.fault(error)
            if fault.kind != "record":
                raise
            if not self.are_there():
                # Else somebody made them at the same time: IF NOT EXISTS does not see what is not committed yet.
                ddl = ";\n".join(statements)
                raise InvalidJobError(
                    f"bulkdelete may not create its tables ({fault.text}); let an owner run:\n{ddl};\n", "database"
                ) from error
