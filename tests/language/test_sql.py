"""SQL: the same tree back; SQL's own truth with nulls; what is refused, and where in the text."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from bulkdelete.domain.errors import InvalidJobError
from bulkdelete.domain.query.operators import Operator
from bulkdelete.domain.query.sql.parsing import SqlDialect
from bulkdelete.domain.query.sql.reading import tree_of_sql
from bulkdelete.domain.query.sql.writing import sql_of
from bulkdelete.domain.query.tree import Column, Comparison, Join, Junction, Link, Node, Order, QueryTree
from tests.language.trees import generated


@pytest.mark.parametrize("seed", range(4))
def test_a_tree_written_as_sql_is_read_as_the_same_tree(seed: int) -> None:
    for tree in generated(seed, 60, top=seed == 0):
        assert tree_of_sql(sql_of(tree)) == tree, sql_of(tree)


def test_names_that_sql_must_quote_come_back() -> None:
    odd = ["Order", "select", 'a"b', "a b", "x.y", "ä", "_", "AS", "1a", "-- c", "';--"]
    for name in odd:
        link = Link(name + "2", name, name, Join.NOT_ANY, "", f"{name} 1", Comparison(name, Operator.NULL, (), ""))
        tree = QueryTree(name, Junction(True, (Comparison(name, Operator.EQUAL, (name,), ""), link), ""), "")
        assert tree_of_sql(sql_of(tree)) == tree
    assert tree_of_sql("DELETE FROM sales.contact WHERE contact.x = 1").entity == "sales.contact"


def is_(attribute: str, operator: Operator, *values: object, **more: object) -> Comparison:
    return Comparison(attribute, operator, values, "", **more)  # type: ignore[arg-type]


def any_(*terms: Node) -> Node:
    return Junction(True, terms, "")


def all_(*terms: Node) -> Node:
    return Junction(False, terms, "")


A, B = is_("a", Operator.EQUAL, 1), is_("b", Operator.NOT_NULL)
TRUTHS: list[tuple[str, Node]] = [
    ("a = 1", A),
    ("1 = a", A),
    ("a <> 1", is_("a", Operator.NOT_IN, 1)),
    ("NOT a = 1", is_("a", Operator.NOT_IN, 1)),
    ("NOT (a <> 1)", A),
    ("a NOT IN (1, 2)", is_("a", Operator.NOT_IN, 1, 2)),
    ("NOT a NOT IN (1, 2)", is_("a", Operator.IN, 1, 2)),
    ("a IS DISTINCT FROM 1", is_("a", Operator.NOT_EQUAL, 1)),
    ("NOT a IS DISTINCT FROM 1", A),
    ("a IS NOT DISTINCT FROM NULL", is_("a", Operator.NULL)),
    ("NOT (a = 1 AND b IS NULL)", any_(is_("a", Operator.NOT_IN, 1), B)),
    ("NOT (a <> 1 OR b IS NULL)", all_(A, B)),
    ("NOT NOT (a = 1 OR NOT b IS NULL)", any_(A, B)),
    ("5 > a", is_("a", Operator.LESS_THAN, 5)),
    ("NOT 5 > a", is_("a", Operator.GREATER_EQUAL, 5)),
    ("a BETWEEN 1 AND 2 AND b IS NOT NULL", all_(is_("a", Operator.BETWEEN, 1, 2), B)),
    ("a NOT BETWEEN -1.5 AND 2e3", is_("a", Operator.NOT_BETWEEN, Decimal("-1.5"), Decimal(2000))),
    ("a", is_("a", Operator.EQUAL, True)),
    ("NOT a", is_("a", Operator.EQUAL, False)),
    ("a IS TRUE", is_("a", Operator.EQUAL, True)),
    ("a IS NOT TRUE", is_("a", Operator.NOT_EQUAL, True)),
    ("NOT a IS NOT FALSE", is_("a", Operator.EQUAL, False)),
    ("a <> b", is_("a", Operator.NOT_EQUAL, column=Column("b"))),
    ("NOT a < b", is_("a", Operator.GREATER_EQUAL, column=Column("b"))),
    ("NOT a <> b", is_("a", Operator.EQUAL, column=Column("b"))),
    ("a IS NOT DISTINCT FROM b",
     any_(is_("a", Operator.EQUAL, column=Column("b")), all_(is_("a", Operator.NULL), is_("b", Operator.NULL)))),
    ("a LIKE 'x%'", is_("a", Operator.LIKE, "x%")),
    ("a NOT LIKE 'x!%' ESCAPE '!'", is_("a", Operator.NOT_LIKE, "x[%]")),
    ("NOT a NOT LIKE '[x]_'", is_("a", Operator.LIKE, "[[]x]_")),
    ("a = DATE '2024-02-29'", is_("a", Operator.EQUAL, "2024-02-29")),
    ("a < CAST('2024-02-29 10:00:00+02:00' AS TIMESTAMPTZ)", is_("a", Operator.LESS_THAN, "2024-02-29 10:00:00+02:00")),
    ("last_x_days(a, 30)", is_("a", Operator.LAST_X_DAYS, 30)),
    ("NOT contains(a, 'x')", is_("a", Operator.DOES_NOT_CONTAIN, "x")),
    ("NOT (begins_with(a, 'x') AND eq_userid(b))",
     any_(is_("a", Operator.DOES_NOT_BEGIN_WITH, "x"), is_("b", Operator.NOT_EQUAL_USER_ID))),
    ("EXISTS (SELECT 1 FROM t WHERE t.x = c.id AND y = 1)",
     Link("t", "x", "id", Join.EXISTS, "", where=is_("y", Operator.EQUAL, 1))),
    ("NOT EXISTS (SELECT * FROM t AS u WHERE c.id = u.x)", Link("t", "x", "id", Join.NOT_ANY, "", "u")),
    ("id IN (SELECT x FROM t WHERE y = 1 OR z = c.a)",
     Link("t", "x", "id", Join.IN, "", where=any_(is_("y", Operator.EQUAL, 1),
                                                  is_("z", Operator.EQUAL, column=Column("a", "c"))))),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "node"), TRUTHS, ids=[one[0] for one in TRUTHS])
def test_a_condition_is_true_where_sql_says_so(condition: str, node: Node) -> None:
    assert tree_of_sql(condition, entity="c").where == node
    assert tree_of_sql(f"DELETE FROM c WHERE {condition};").where == node


def test_joins_are_links_that_conditions_may_name() -> None:
    tree = tree_of_sql(
        "DELETE c FROM contact c LEFT JOIN account a ON a.id = c.account AND a.open "
        "JOIN city ON city.id = a.city WHERE a.name IS NULL AND c.x = a.y ORDER BY c.z DESC LIMIT 3"
    )
    city = Link("city", "id", "city", Join.INNER, "")
    account = Link(
        "account", "id", "account", Join.LEFT_OUTER, "", "a", is_("open", Operator.EQUAL, True, entity="a"), (city,)
    )
    where = all_(is_("name", Operator.NULL, entity="a"), is_("x", Operator.EQUAL, column=Column("y", "a")))
    assert tree == QueryTree("contact", where, "", (account,), (Order("z", True, ""),), 3)


DIALECTS = [
    (SqlDialect.POSTGRESQL, 'DELETE FROM Contact WHERE Name = 1 OR "Name" = 2', ("contact", "name", "Name")),
    (SqlDialect.MARIADB, "DELETE FROM Contact WHERE `Name` = \"x\" OR b <=> 'it''s'", ("Contact", "Name", "b")),
    (SqlDialect.SQLITE, "DELETE FROM Contact WHERE [Name] == 'x\\y' OR \"b\" IS 3", ("Contact", "Name", "b")),
]


@pytest.mark.parametrize(("dialect", "text", "names"), DIALECTS, ids=[one[0] for one in DIALECTS])
def test_names_and_texts_are_those_of_the_dialect(dialect: SqlDialect, text: str, names: tuple[str, ...]) -> None:
    tree = tree_of_sql(text, dialect)
    assert (tree.entity, *(one.attribute for one in tree.comparisons())) == names


def test_a_backslash_escapes_in_a_pattern_where_the_database_says_so() -> None:
    found = tree_of_sql(r"a LIKE '10\%'", SqlDialect.POSTGRESQL, "c").where
    assert found == is_("a", Operator.LIKE, "10[%]")
    assert tree_of_sql(r"a LIKE '10\%'", SqlDialect.SQLITE, "c").where == is_("a", Operator.LIKE, r"10\%")


P = SqlDialect.PLAIN
REFUSED: list[tuple[SqlDialect, str, int, str]] = [
    (P, "DELETE FROM c WHERE a = 1; DROP TABLE c", 26, "one statement"),
    (P, "DELETE FROM c WHERE a = 1 -- all", 25, "comment"),
    (P, "DELETE FROM c /* x */ WHERE a = 1", 13, "comment"),
    (SqlDialect.MARIADB, "DELETE FROM c WHERE a = 1 /*! OR 1=1 */", 25, "comment"),
    (P, "WITH x AS (SELECT 1) DELETE FROM c WHERE a = 1", 1, "WITH"),
    (P, "DELETE FROM c USING b WHERE a = 1", 21, "USING"),
    (P, "DELETE FROM c WHERE a = 1 RETURNING *", 37, "RETURNING"),
    (SqlDialect.POSTGRESQL, "DELETE FROM c WHERE a = 1 LIMIT 5", 13, "LIMIT"),
    (SqlDialect.POSTGRESQL, "DELETE FROM ONLY c WHERE a = 1", 18, "ONLY"),
    (SqlDialect.MARIADB, r"DELETE FROM c WHERE a = 'x\%'", 25, "backslash"),
    (SqlDialect.MARIADB, "DELETE LOW_PRIORITY FROM c WHERE a = 1", 8, "one table"),
    (SqlDialect.SQLITE, "DELETE FROM c WHERE a GLOB 'x*'", 21, "GLOB"),
    (P, "DELETE FROM c WHERE a = NULL", 21, "IS NULL"),
    (P, "DELETE FROM c WHERE a IN (1, NULL)", 21, "IS NULL"),
    (P, "DELETE FROM c WHERE a NOT IN (SELECT x FROM t)", 38, "NOT EXISTS"),
    (P, "DELETE FROM c WHERE NOT last_x_days(a, 3)", 25, "no operator is its opposite"),
    (P, "DELETE FROM c WHERE lst_x_days(a, 3)", 21, 'Did you mean "last_x_days"'),
    (P, "DELETE FROM c WHERE last_x_days(a)", 21, "exactly 1, not 0"),
    (P, "DELETE FROM c WHERE a < now() - interval '3 days'", 25, "olderthan_x_days"),
    (P, "DELETE FROM c WHERE lower(a) = 'x'", 21, "lower is computed"),
    (P, "DELETE FROM c WHERE a = b + 1", 25, "ADD is computed"),
    (P, "DELETE FROM c WHERE CAST(a AS DATE) = '2024-01-01'", 26, "CAST is computed"),
    (P, "DELETE FROM c WHERE a = CAST('2024-01-01 10:00' AS DATE)", 21, "would be cut"),
    (P, "DELETE FROM c WHERE a = CAST('x' AS BLOB)", 21, "a cast to"),
    (P, "DELETE FROM c WHERE a = :x", 21, "a parameter"),
    (P, "DELETE FROM c WHERE 1 = 1", 13, "no column is compared"),
    (P, "DELETE FROM c WHERE TRUE", 13, "all_records"),
    (P, "DELETE FROM c WHERE b.x = 1", 23, 'no table is called "b"'),
    (P, "DELETE FROM c WHERE EXISTS (SELECT 1 FROM t WHERE x = id)", 43, "nothing joins"),
    (P, "DELETE FROM c WHERE EXISTS (SELECT count(*) FROM t WHERE t.x = c.id)", 36, "SELECT 1"),
    (P, "DELETE FROM c WHERE EXISTS (SELECT 1 FROM t WHERE t.x = c.id GROUP BY y)", 71, "GROUP BY"),
    (P, "DELETE FROM c WHERE EXISTS (SELECT 1 FROM t WHERE t.x = c.id LIMIT 0)", 43, "LIMIT"),
    (P, "DELETE FROM c JOIN t ON t.x > c.id WHERE a = 1", 20, "nothing joins"),
    (P, "DELETE FROM c JOIN t USING (id) WHERE a = 1", 29, "USING"),
    (P, "DELETE FROM c NATURAL JOIN t WHERE a = 1", 28, "NATURAL JOIN"),
    (P, "DELETE FROM c RIGHT JOIN t ON t.x = c.id WHERE a = 1", 26, "this kind of join"),
    (P, "DELETE t FROM c JOIN t ON t.x = c.id WHERE a = 1", 8, "one table"),
    (P, r"DELETE FROM c WHERE a LIKE '10\%'", 21, "ESCAPE '!'"),
    (P, "DELETE FROM c WHERE a ILIKE 'x'", 21, "ignore_case"),
    (P, "DELETE FROM c WHERE a = 1 = TRUE", 21, "EQ is computed"),
    (P, "DELETE FROM c WHERE a = 1 XOR b = 2", 27, "no SQL"),
    (P, "UPDATE c SET a = 1", 1, "UPDATE"),
    (P, "TRUNCATE c", 10, "DELETE FROM"),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "text", "column", "reason"), REFUSED, ids=[one[1] for one in REFUSED])
def test_what_cannot_be_said_is_refused_where_it_stands(
    dialect: SqlDialect, text: str, column: int, reason: str
) -> None:
    with pytest.raises(InvalidJobError) as refused:
        tree_of_sql(text, dialect)

    assert reason in refused.value.reason
    assert refused.value.field == f"sql (line 1, column {column})"


HOSTILE = [
    "DELETE FROM c WHERE " + "(" * 30_000,
    "DELETE FROM c WHERE " + "NOT " * 20_000 + "a",
    "DELETE FROM c WHERE a = " + "- " * 20_000 + "1",
    "DELETE FROM c WHERE a = " + "a." * 20_000 + "b",
    "DELETE FROM c WHERE " + "CASE WHEN " * 5_000 + "1",
    "DELETE FROM c WHERE a = " + "[" * 10_000,
    "DELETE FROM c WHERE " + " OR ".join(f"a = {at}" for at in range(5_000)),
    "DELETE FROM c WHERE a = '" + "'" * 100_000,
    "DELETE FROM c WHERE a = " + "9" * 100_000,
    "DELETE FROM c WHERE a = 1e999999999",
    "DELETE FROM c WHERE a = " + "'a' " * 10_000,
    "DELETE FROM c WHERE " + "a IS NULL IS NULL " * 2_000,
    "DELETE FROM " + "c JOIN " * 5_000,
    "SELECT " * 20_000, "x" * 200_000, "\0", "", ";", "\ud800", "\\", "$$", "`", '"', "/*", "E'\\", "@x := 1", "a =",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("dialect", SqlDialect)
def test_what_is_hostile_is_refused_at_once(text: str, dialect: SqlDialect) -> None:
    began = time.process_time()
    with pytest.raises(InvalidJobError) as refused:
        tree_of_sql(text, dialect)

    assert time.process_time() - began < 1
    assert len(refused.value.reason) < 1_000


def test_ten_thousand_values_are_read_in_time() -> None:
    tree = tree_of_sql(f"DELETE FROM c WHERE a IN ({', '.join(map(str, range(10_000)))})")
    assert isinstance(tree.where, Comparison)
    assert len(tree.where.values) == 10_000
