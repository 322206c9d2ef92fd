"""Every rule finds its dirt and counts it, and stays quiet just short of it."""

from collections.abc import Iterator

import duckdb
import pytest

from features.tables import TABLES
from pipelines.audit import all_rules, not_applicable
from pipelines.audit.rule import tables_of
from pipelines.ingest.canonical import ingest
from pipelines.workspace import Workspace
from tests.pipelines.audit.cases import CASES
from tests.pipelines.audit.clean_shop import CLEAN, ROW, Stage

RULES = {rule.CODE: rule for rule in all_rules()}
ROWS_SHOWN = 25


@pytest.fixture(scope="module")
def shops(tmp_path_factory) -> Iterator[Stage]:
    found = Stage(tmp_path_factory.mktemp("statistics"))
    yield found
    found.con.close()


def looked_at(rule, case):
    """The tables that decide what the rule finds in the case; staging all would only take longer."""
    touched = {table for shop in (case.fires, case.quiet) for table in (*shop.added, *shop.only)}
    needed = {need.partition(".")[0] for need in rule.NEEDS}
    return set(TABLES) if case.before else touched | needed | {case.table, "orders", "identities"}


def test_the_table_of_cases_covers_every_rule():
    assert sorted(CASES) == sorted(RULES)


def test_every_table_has_several_rules():
    assert len(RULES) > 90
    for table in TABLES:
        assert sum(code.startswith(f"{table}.") for code in RULES) >= 4, table


@pytest.mark.parametrize("code", CASES)
def test_a_rule_finds_its_dirt_and_counts_it(shops, code):
    rule, case = RULES[code], CASES[code]
    findings = shops.findings(rule, case.fires, case.before, looked_at(rule, case))
    assert [finding.count for finding in findings if finding.table == case.table] == [case.count]


@pytest.mark.parametrize("code", CASES)
def test_a_rule_stays_quiet_just_short_of_its_dirt(shops, code):
    rule, case = RULES[code], CASES[code]
    assert case.table in tables_of(rule)
    assert shops.findings(rule, case.quiet, case.before, looked_at(rule, case)) == []
    assert case.table not in not_applicable(shops.con).get(code, {})


def _select(table, rows):
    values = ", ".join("(" + ", ".join(map(_literal, (ROW[table] | row).values())) + ")" for row in rows)
    return f"SELECT * FROM (VALUES {values}) AS given({', '.join(map(_name, ROW[table]))})"


def _name(column):
    return f'"{column}"'


def _literal(value):
    return "CAST(NULL AS VARCHAR)" if value is None else "'" + str(value).replace("'", "''") + "'"


def test_nothing_that_is_written_shows_anything_about_a_person(write_shop, tmp_path):
    tables = {name: list(rows) for name, rows in CLEAN.items()}
    for case in CASES.values():
        for table, rows in (case.fires.added | case.fires.only).items():
            tables[table] += rows[:ROWS_SHOWN]
    # Whatever a rule looks at: mark every personal value, and look for the mark in what was stored.
    personal = {
        "customers": ", 'secret' AS city",
        "feedback": ", 'secret' AS text",
        "contacts": ", 'secret' || email AS email, '0secret' || phone AS phone",
    }
    sql = {
        name: f"SELECT * REPLACE ('secret-' || customer_id AS customer_id{personal.get(name, '')}) FROM ({text})"
        if "customer_id" in ROW[name]
        else text
        for name, text in ((name, _select(name, rows)) for name, rows in tables.items())
    }
    result = ingest(Workspace(tmp_path / "home"), write_shop(sql=sql))
    assert len({finding.code for finding in result.findings}) > 40
    assert any(finding.examples for finding in result.findings)
    for path in (path for path in result.folder.iterdir() if path.suffix in {".json", ".html"}):
        assert "secret" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize(
    ("customers_usual", "found"),
    [(1, 30), (2, None)],
    ids=["thirty are twenty times the usual one", "thirty are less than twenty times the usual two"],
)
def test_a_busy_second_is_judged_by_customers_however_many_rows_each_of_them_has(customers_usual, found):
    """Fifty rows a customer: rows alone would say that thirty in a second are few."""
    with duckdb.connect() as con:
        con.execute(
            f"""CREATE TABLE orders AS SELECT NULL AS reason, 'ann' || n % {customers_usual} AS customer_id,
                TIMESTAMP '2024-01-01' + to_seconds(n // (50 * {customers_usual})) AS "at"
            FROM range(100 * 50 * {customers_usual}) AS t(n)
            UNION ALL SELECT NULL, 'bob' || n, TIMESTAMP '2024-06-01' FROM range(30) AS t(n)"""
        )
        answer = RULES["any.same_second"].check(con, "orders")
    assert (answer and answer.count) == found
