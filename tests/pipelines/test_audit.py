"""Every rule finds what it is about in a dirty shop, nothing in a clean one, and shows nobody's data."""

import json
import re
from datetime import datetime

import duckdb
import pytest

from features.tables import TABLES
from pipelines.audit import Finding, compare, rows_where, rules, run_audit
from pipelines.ingest import ingest
from pipelines.sources.read import open_raw, raw_files
from pipelines.sources.stage import stage
from pipelines.workspace import Workspace

ORDER_COLUMNS = "order_id, customer_id, at, product_id, quantity, unit_price, discount, kind, known_at"
CLEAN = {
    "orders": (
        ORDER_COLUMNS,
        [
            ("A1", "ann", "2024-01-05 10:00", "mug", 2, 4.5, None, "sale", None),
            ("A2", "bob", "2024-01-20 12:30", "pot", 1, 20, 1, "sale", "2024-01-21 00:00"),
            ("A3", "ann", "2024-02-01 09:15", "mug", 1, 4.5, None, "sale", None),
        ],
    ),
    "products": (
        "product_id, name, category, price, unit_cost",
        [("mug", "Mug", "cups", 5, 2), ("pot", "Pot", "pots", 20, 9)],
    ),
    "customers": ("customer_id, birth_year, city", [("ann", 1980, "Bath"), ("bob", 1990, None)]),
    "events": (
        "customer_id, at, kind, product_id, duration_s",
        [("ann", "2024-01-05 09:50", "product_view", "mug", 12)],
    ),
    "touches": ("customer_id, at, channel, kind", [("bob", "2024-01-19 08:00", "email", "open")]),
    "feedback": ("customer_id, at, kind, score, text", [("ann", "2024-01-09 08:00", "nps", 9, "fine")]),
    "subscriptions": ("customer_id, plan, started_at, ended_at", [("bob", "tea", "2024-01-01", None)]),
}
LINE = ("A9", "bob", "2024-02-02 10:00", "mug", 1, 4.5, None, "sale", None)


def line(**changes):
    """LINE, changed in some columns."""
    names = ORDER_COLUMNS.split(", ")
    return tuple(changes.get(name, value) for name, value in zip(names, LINE, strict=True))


TILL = [
    line(order_id=f"T{n}", customer_id="ann" if n < 21 else f"c{n}", at=f"2024-02-02 10:0{n % 7}") for n in range(42)
]
MIDNIGHTS = [line(order_id=f"M{n}", at=f"2024-01-{n + 1:02d}") for n in range(25)]
PRICES = [line(order_id=f"P{n}", product_id="pot", unit_price=20, at=f"2024-02-02 1{n}:00") for n in range(5)]
AMOUNTS = [line(order_id=f"Q{n}", quantity=2, at=f"2024-02-02 1{n}:00") for n in range(5)]
# For each rule: the table, the rows that are added to the clean shop (or replace it), and how many rows are meant.
DIRT = {
    "any.before_1970": ("orders", [line(at="1899-12-30")], 1),
    "any.duplicate_keys": ("customers", [("ann", 1981, "Bath")], 1),
    "any.exact_duplicates": ("orders", [LINE, LINE, LINE], 2),
    "any.in_the_future": ("events", [("ann", "2999-01-01", "login", None, None)], 1),
    "any.known_before_it_happened": ("orders", [line(known_at="2024-02-01")], 1),
    "any.missing_customer": ("touches", [(" ", "2024-01-19 08:00", "email", "open")], 1),
    "any.missing_required": ("orders", [line(order_id=None), line(at=None)], 2),
    "any.placeholder_customer": ("orders", [line(customer_id="Guest"), line(customer_id="nan")], 2),
    "any.product_ids_differ_in_case": ("orders", [line(product_id="Mug")], 1),
    "any.stray_spaces": ("orders", [line(product_id=" mug"), line(customer_id="bob ")], 2),
    "any.unknown_kind": ("events", [("ann", "2024-01-06", "wave", None, None)], 1),
    "any.unknown_product": ("orders", [line(product_id="pan")], 1),
    "any.unreadable": ("orders", [line(at="yesterday"), line(quantity="two")], 2),
    "customers.implausible_birth_year": ("customers", [("cleo", 1800, None)], 1),
    "events.negative_duration": ("events", [("ann", "2024-01-06", "login", None, -1)], 1),
    "feedback.score_out_of_range": (
        "feedback",
        [("ann", "2024-01-09", "nps", 11, None), ("ann", "2024-01-09", "csat", 0, None)],
        2,
    ),
    "orders.customer_without_profile": ("orders", [line(customer_id="dora")], 1),
    "orders.dates_without_times": ("orders only", MIDNIGHTS, 25),
    "orders.discount_above_amount": ("orders", [line(discount=5)], 1),
    "orders.dominant_customer": ("orders", TILL, 23),
    "orders.gap_in_history": ("orders", [line(at="2024-03-05")], 1),
    "orders.missing_product": ("orders", [line(product_id=None)], 1),
    "orders.negative_discount": ("orders", [line(discount=-1)], 1),
    "orders.not_a_product": ("orders", [line(product_id="post")], 1),
    "orders.order_of_two_customers": ("orders", [line(), line(customer_id="ann")], 1),
    "orders.order_over_days": ("orders", [line(), line(at="2024-02-04")], 1),
    "orders.outlying_price": ("orders", [*PRICES, line(product_id="pot", unit_price=2000)], 1),
    "orders.outlying_quantity": ("orders", [*AMOUNTS, line(quantity=74215)], 1),
    "orders.price_not_positive": ("orders", [line(unit_price=0), line(unit_price=-5)], 2),
    "orders.quantity_not_positive_sale": ("orders", [line(quantity=0), line(quantity=-1)], 2),
    "orders.return_without_sale": ("orders", [line(kind="return", product_id="pot", customer_id="ann")], 1),
    "orders.returns": ("orders", [line(kind="return", quantity=-1)], 1),
    "products.negative_price": ("products", [("pan", "Pan", "pots", -1, None)], 1),
    "products.price_below_cost": ("products", [("pan", "Pan", "pots", 3, 4)], 1),
    "products.without_category": ("products", [("pan", "Pan", None, 3, 2)], 1),
    "subscriptions.ends_before_start": ("subscriptions", [("ann", "tea", "2024-02-01", "2024-01-01")], 1),
}


def shop_sql(table=None, rows=()):
    """The clean shop as SQL, with rows added to one table; "orders only" replaces the orders."""
    tables = {name: (columns, list(clean)) for name, (columns, clean) in CLEAN.items()}
    if table == "orders only":
        tables["orders"] = (ORDER_COLUMNS, list(rows))
    elif table is not None:
        tables[table][1].extend(rows)
    return {name: _select(columns, values) for name, (columns, values) in tables.items()}


def _select(columns, rows):
    values = ", ".join("(" + ", ".join(_literal(value) for value in row) + ")" for row in rows)
    names = ", ".join(f'"{name}"' for name in columns.split(", "))
    return f"SELECT * FROM (VALUES {values}) AS given({names})"


def _literal(value):
    return "NULL" if value is None else "'" + str(value) + "'"


def findings_of(write_shop, sql):
    """Findings on a shop, staged and audited only."""
    source = write_shop(sql=sql, not_products={"ids": ["POST"]})
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("CREATE SCHEMA staged")
        open_raw(con, source, raw_files(source))
        staged = [stage(con, source, table, datetime(2026, 1, 1)) for table in source.sql]
        return run_audit(con, [table.name for table in staged])


def needed(code, table, sql):
    """The tables a rule looks at, with orders, which no source can do without."""
    others = {"any.unknown_product": {"products"}, "orders.customer_without_profile": {"customers"}}
    return {name: text for name, text in sql.items() if name in {"orders", table} | others.get(code, set())}


def test_the_table_of_dirt_covers_every_rule():
    assert sorted(DIRT) == [rule.CODE for rule in rules()]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.CODE)
def test_a_rule_says_what_it_is_about(rule):
    assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", rule.CODE)
    assert rule.CODE.split(".")[0] in {"any", *TABLES}
    assert rule.SEVERITY in {"note", "warning", "error"}
    assert set(rule.TABLES) <= set(TABLES)
    assert rule.TITLE[0].isupper()
    assert rule.__doc__.rstrip().endswith(".")


def test_a_clean_shop_has_no_findings(write_shop):
    assert findings_of(write_shop, shop_sql()) == []


@pytest.mark.parametrize("code", DIRT)
def test_a_rule_finds_its_dirt_and_counts_it(write_shop, code):
    table, rows, count = DIRT[code]
    findings = findings_of(write_shop, needed(code, table, shop_sql(table, rows)))
    found = {finding.code: finding for finding in findings if finding.table == table.removesuffix(" only")}
    assert found[code].count == count


def test_examples_show_nothing_about_a_person(write_shop, tmp_path):
    sql = shop_sql()
    for table, rows, _ in DIRT.values():
        if table in sql:
            columns = CLEAN[table][0]
            sql[table] += " UNION ALL " + _select(columns, rows)
    # Whatever a rule looks at: mark every personal value, and look for the mark in what was stored.
    personal = {"customers": ", 'secret' AS city", "feedback": ", 'secret' AS text"}
    marked = {
        name: f"SELECT * REPLACE ('secret-' || customer_id AS customer_id{personal.get(name, '')}) FROM ({text})"
        for name, text in sql.items()
        if name != "products"
    }
    source = write_shop(sql=sql | marked)
    result = ingest(Workspace(tmp_path / "home"), source)
    assert len({finding.code for finding in result.findings}) > 20
    assert any(finding.examples for finding in result.findings)
    for name in ("audit.json", "audit_changes.json", "manifest.json"):
        assert "secret" not in (result.folder / name).read_text(encoding="utf-8")


def test_a_rule_may_not_show_personal_columns():
    with duckdb.connect() as con:
        con.execute("CREATE TABLE orders AS SELECT 'ann' AS customer_id, 'A1' AS order_id")
        with pytest.raises(ValueError, match="may not show customer_id"):
            rows_where(con, "orders", "true", show=("order_id", "customer_id"))


def test_examples_are_few_distinct_in_order_and_mask_addresses():
    with duckdb.connect() as con:
        con.execute("CREATE TABLE orders AS SELECT 'A' || (9 - n // 2) AS order_id FROM range(16) AS t(n)")
        con.execute("INSERT INTO orders VALUES ('A0 ann@example.org')")
        found = rows_where(con, "orders", "true", show=("order_id",))
    assert found is not None
    assert found.count == 17
    assert [example["order_id"] for example in found.examples] == ["A0 …@…", "A2", "A3", "A4", "A5"]


def finding(code, count, rows=100):
    return Finding(code, "A title", "note", "orders", count, rows, ())


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ([], [], []),
        ([], [finding("a", 3)], [("a", "new", 3, 0)]),
        ([finding("a", 3)], [], [("a", "gone", 0, 3)]),
        ([finding("a", 3)], [finding("a", 4)], [("a", "grown", 4, 3)]),
        ([finding("a", 3)], [finding("a", 2)], []),
        ([finding("a", 3)], [finding("a", 6, rows=200)], []),
        ([finding("a", 3)], [finding("b", 3)], [("a", "gone", 0, 3), ("b", "new", 3, 0)]),
    ],
)
def test_an_audit_is_compared_with_the_one_before(before, after, changes):
    assert [(c.code, c.change, c.count, c.before) for c in compare(before, after)] == changes


def test_the_comparison_is_stored_with_the_new_audit(write_shop, tmp_path):
    home = Workspace(tmp_path / "home")
    ingest(home, write_shop(sql=shop_sql()))
    result = ingest(home, write_shop(sql=shop_sql("orders", [line(unit_price=0)])))
    assert [(change.code, change.change) for change in result.changes] == [("orders.price_not_positive", "new")]
    stored = json.loads((result.folder / "audit_changes.json").read_text(encoding="utf-8"))
    assert [change["code"] for change in stored] == ["orders.price_not_positive"]
