"""SQL text as the parser's tree, with its places; what is no single DELETE or condition is refused before."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import ClassVar

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError
from sqlglot.parser import Parser
from sqlglot.parsers.mysql import MySQLParser
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.parsers.sqlite import SQLiteParser

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.words import MOST_CONDITIONS

LARGEST = 128 * 1024
"""Characters of one query."""
MOST_TOKENS = 22_000
DEEPEST = 40
"""Parentheses within each other."""
MOST_NOTS = 40
"""Words in a row that each turn round what follows."""


class SqlDialect(StrEnum):
    """Whose SQL a text is written in."""

    PLAIN = "plain"
    """Standard SQL: names in double quotes, texts in single ones, a backslash is itself, LIKE has no escape."""
    POSTGRESQL = "postgresql"
    MARIADB = "mariadb"
    SQLITE = "sqlite"


class Functions:
    """No function has a meaning of the parser's own: all are called by their names."""

    FUNCTIONS: ClassVar[dict[str, object]] = {}


class PlainParser(Functions, Parser):  # type: ignore[misc]
    """Standard SQL."""


class PostgreSQLParser(Functions, PostgresParser):  # type: ignore[misc]
    """PostgreSQL's."""


class MariaDBParser(Functions, MySQLParser):  # type: ignore[misc]
    """MariaDB's and MySQL's."""


class SqliteParser(Functions, SQLiteParser):  # type: ignore[misc]
    """SQLite's."""


PARSERS: dict[SqlDialect, tuple[str, type[Parser]]] = {
    SqlDialect.PLAIN: ("", PlainParser),
    SqlDialect.POSTGRESQL: ("postgres", PostgreSQLParser),
    SqlDialect.MARIADB: ("mysql", MariaDBParser),
    SqlDialect.SQLITE: ("sqlite", SqliteParser),
}


@dataclass(frozen=True)
class Text:
    """What is read, in whose SQL, and where it stands in the job."""

    sql: str
    dialect: SqlDialect
    place: str

    def at(self, node: exp.Expr | None) -> str:
        """Where a part of it stands: line and column, from 1."""
        found: exp.Expr | None = node.find(*POSITIONED) if node is not None else None
        while found is None and node is not None and node.parent is not None:
            node = node.parent
            found = node.find(*POSITIONED)
        return self.position(int(found.meta.get("start", 0)) if found is not None else 0)

    def position(self, offset: int) -> str:
        """A character's place."""
        line = bisect_right(self.lines, offset)
        return f"{self.place} (line {line}, column {offset - self.lines[line - 1] + 1})"

    @cached_property
    def lines(self) -> list[int]:
        """Where each line begins."""
        return [0, *(at + 1 for at, one in enumerate(self.sql) if one == "\n")]

    def refusal(self, reason: str, node: exp.Expr | None) -> InvalidJobError:
        """Why a part of it is refused."""
        return InvalidJobError(reason, self.at(node))


POSITIONED = (exp.Identifier, exp.Anonymous, exp.Star)
"""What the parser knows the places of."""

STATEMENTS = {
    TokenType.WITH: "a common table expression (WITH)",
    TokenType.HINT: "a hint",
    TokenType.SELECT: "SELECT",
    TokenType.UPDATE: "UPDATE",
    TokenType.INSERT: "INSERT",
}
"""What a text may not begin with."""


def parsed(text: Text, condition_only: bool) -> exp.Expr:
    """One DELETE, or one condition. Raises InvalidJobError with the place."""
    tokens = tokens_of(text)
    name, kind = PARSERS[text.dialect]
    parser = kind(dialect=Dialect.get_or_raise(name))
    try:
        found = parser.parse_into(exp.Condition, tokens, text.sql) if condition_only else parser.parse(tokens, text.sql)
    except ParseError as error:
        raise unreadable(text, error) from None
    except (RecursionError, ValueError, KeyError, AttributeError, TypeError, IndexError) as error:
        # The parser stumbles over what it was not made for: the text is at fault, and nothing was done yet.
        raise InvalidJobError(f"is no SQL that can be read: {type(error).__name__}", text.place) from None
    if len(found) != 1 or found[0] is None:
        raise InvalidJobError("one statement is expected", text.place)
    return found[0]


def unreadable(text: Text, error: ParseError) -> InvalidJobError:
    """What the parser found wrong."""
    first = error.errors[0] if error.errors else {}
    line, column = first.get("line") or 1, first.get("col") or 1
    said = str(first.get("description") or "it cannot be read").splitlines()[0][:200].rstrip(".")
    near = str(first.get("highlight") or "")[:40]
    return InvalidJobError(
        f"is no SQL that can be read: {said}" + (f", at {near!r}" if near.strip() else ""),
        f"{text.place} (line {line}, column {max(1, int(column) - len(near) + 1)})",
    )


def tokens_of(text: Text) -> list[Token]:
    """The words of the text, few and shallow enough, without comments, of one statement."""
    if len(text.sql) > LARGEST:
        raise InvalidJobError(f"{len(text.sql):,} characters; at most {LARGEST:,} are taken", text.place)
    try:
        tokens = list(Dialect.get_or_raise(PARSERS[text.dialect][0]).tokenize(text.sql))
    except TokenError as error:
        raise InvalidJobError(f"is no SQL that can be read: {str(error).splitlines()[0][:200]}", text.place) from None
    if not tokens:
        raise InvalidJobError("is empty", text.place)
    if len(tokens) > MOST_TOKENS:
        raise InvalidJobError(f"{len(tokens):,} words; at most {MOST_TOKENS:,} are taken", text.place)
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON and not tokens[-1].comments:
        tokens.pop()
    depth = nots = dots = joined = 0
    for token in tokens:
        check_token(text, token)
        kind = token.token_type
        depth += OPENING.get(kind, 0)
        nots = nots + 1 if kind in TURNING else 0
        dots = dots + 1 if kind is TokenType.DOT else 0 if kind in ENDING else dots
        joined += kind in {TokenType.AND, TokenType.OR}
        if joined > 2 * MOST_CONDITIONS:
            raise InvalidJobError(f"more than {MOST_CONDITIONS} conditions", text.position(token.start))
        if depth > DEEPEST or nots > MOST_NOTS or dots > DEEPEST:
            raise InvalidJobError(f"is nested more than {DEEPEST} deep", text.position(token.start))
    if tokens and tokens[0].token_type in STATEMENTS:
        raise InvalidJobError(
            f"{STATEMENTS[tokens[0].token_type]} is not taken; a DELETE or its condition is",
            text.position(tokens[0].start),
        )
    return tokens


OPENING = {
    TokenType.L_PAREN: 1, TokenType.R_PAREN: -1, TokenType.L_BRACKET: 1, TokenType.R_BRACKET: -1,
    TokenType.L_BRACE: 1, TokenType.R_BRACE: -1, TokenType.CASE: 1, TokenType.END: -1,
}  # fmt: skip
ENDING = {
    TokenType.AND,
    TokenType.OR,
    TokenType.COMMA,
    TokenType.L_PAREN,
    TokenType.R_PAREN,
    TokenType.EQ,
    TokenType.ON,
}
TURNING = {TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE}


def check_token(text: Text, token: Token) -> None:
    """Refuse what a condition has no use for, or what databases read differently."""
    where = text.position(token.start)
    if token.comments:
        raise InvalidJobError("a comment is not taken: what it hides must not be guessed", where)
    if token.token_type is TokenType.SEMICOLON:
        raise InvalidJobError("one statement is expected, not several", where)
    mariadb = text.dialect is SqlDialect.MARIADB and token.token_type is TokenType.STRING
    if mariadb and "\\" in text.sql[token.start : token.end + 1]:
        raise InvalidJobError(
            "a backslash in a text means one thing or another by the server's mode; in a pattern say ESCAPE '!', "
            "else write the query as JSON",
            where,
        )
