"""Making our tables in a target, or showing who may how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

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
        """Whether all are; what may not be looked at is not. Raises the database's error where it is away.

        Raises InvalidJobError where a table of that name is somebody else's.
        """
        with self.dialect.reading(self.engine, SECONDS) as connection:
            try:
                inspector = sa.inspect(connection)
                there = [one for one in self.ledger.tables if inspector.has_table(one.name, schema=one.schema)]
                for one in there:
                    refuse_another(inspector, one)
                return len(there) == len(self.ledger.tables)
            except sa.exc.DBAPIError as error:
                if self.dialect.fault(error).kind != "record":
                    raise
                return False

    def check(self) -> None:
        """See that they can be used, or made, before anything is asked. Raises InvalidJobError saying what to run."""
        if self.are_there():
            self.probe()
            return
        with self.dialect.reading(self.engine, SECONDS) as connection:
            schema = self.ledger.fence.schema
            known = schema is None or sa.inspect(connection).has_schema(schema)
            may = self.dialect.may_create(connection, schema, known)
        if may is False:
            self.refuse("the right to create is missing", self.statements())

    def probe(self) -> None:
        """Do nothing with each, in every way that is needed."""
        nothing: sa.ColumnElement[bool] = sa.literal_column("1 = 0")
        try:
            with self.dialect.transaction(self.engine) as connection:
                for one in self.ledger.tables:
                    column = list(one.columns)[-1]
                    connection.execute(sa.insert(one).from_select(list(one.columns), sa.select(one).where(nothing)))
                    connection.execute(sa.update(one).where(nothing).values({column: column}))
                    connection.execute(sa.delete(one).where(nothing))
        except sa.exc.DBAPIError as error:
            fault = self.dialect.fault(error)
            if fault.kind != "record":
                raise
            self.refuse(fault.text, [], "use")

    def refuse(self, why: str, statements: list[str], what: str = "create") -> NoReturn:
        """Raise InvalidJobError with what an owner can run."""
        ddl = ";\n".join([*statements, *self.grants()])
        raise InvalidJobError(f"bulkdelete may not {what} its tables ({why}); let an owner run:\n{ddl};\n", "database")

    def create(self) -> None:
        """Make them where they are missing. Raises InvalidJobError with the DDL where we may not."""
        try:
            if not self.are_there():
                self.execute(self.statements())
        except sa.exc.DBAPIError as error:
            text = self.dialect.fault(error).text
            raise UnavailableError(f"the target database is away or busy: {text}") from error

    def statements(self) -> list[str]:
        """The DDL; a schema that is there already is not made: that alone takes a right."""
        schema = self.ledger.fence.schema
        with self.dialect.reading(self.engine, SECONDS) as connection:
            known = schema is not None and sa.inspect(connection).has_schema(schema)
        return self.ledger.statements(self.engine.dialect, known)

    def grants(self) -> list[str]:
        """The statements that let this very user use them."""
        with self.dialect.reading(self.engine, SECONDS) as connection:
            return self.dialect.granted(connection, self.ledger.tables)

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
                self.refuse(fault.text, statements)


def refuse_another(inspector: sa.Inspector, table: sa.Table) -> None:
    """Raise InvalidJobError where a table is not ours, though it has the name: nobody's rows are written over."""
    there = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
    if missing := [column.name for column in table.columns if column.name not in there]:
        raise InvalidJobError(
            f"{table.fullname} is a table of somebody else's: it has no {', '.join(missing)}; say with --ledger or "
            "BULKDELETE_LEDGER where bulkdelete may make its own",
            "ledger",
        )
