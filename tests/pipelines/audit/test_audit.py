"""Examples are few and tell nothing about a person; an audit is compared with the one before."""

import json
from datetime import datetime

import duckdb
import pytest

from features.tables import PERSONAL, TABLES
from pipelines.audit import Finding, compare, rows_where
from pipelines.audit.finding import SHOWN
from pipelines.audit.statistics import FILE, FORMER_FILE
from pipelines.ingest.canonical import ingest
from pipelines.workspace import Workspace
from tests.pipelines.conftest import HEADER, ORDERS_SQL


def test_a_rule_may_not_show_personal_columns():
    with duckdb.connect() as con:
        con.execute("CREATE TABLE orders AS SELECT 'ann' AS customer_id, 'A1' AS order_id")
        with pytest.raises(ValueError, match="may not show customer_id"):
            rows_where(con, "orders", "true", show=("order_id", "customer_id"))


def test_no_personal_column_is_ever_shown():
    profile = {name for name in TABLES["customers"].column_names if name != "known_at"}
    assert not SHOWN & (PERSONAL | profile)
    assert not {name for name in SHOWN if name.removeprefix("returned_") in PERSONAL}
    with duckdb.connect() as con:
        con.execute("CREATE TABLE orders AS SELECT 'A1' AS order_id, 'mug' AS product_id")
        found = rows_where(con, "orders", "true", show=("order_id", "product_id"))
    assert found is not None
    assert found.examples == ({"product_id": "mug"},)


def test_examples_are_few_distinct_in_order_and_mask_addresses():
    with duckdb.connect() as con:
        con.execute("CREATE TABLE orders AS SELECT 'A' || (9 - n // 2) AS product_id FROM range(16) AS t(n)")
        con.execute("INSERT INTO orders VALUES ('A0 ann@example.org')")
        found = rows_where(con, "orders", "true", show=("product_id",))
    assert found is not None
    assert found.count == 17
    assert [example["product_id"] for example in found.examples] == ["A0 …@…", "A2", "A3", "A4", "A5"]


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
    ingest(home, write_shop())
    result = ingest(home, write_shop("A1,ann,2024-01-05,mug,2,4.50,,sale\nA2,bob,2024-01-05,mug,1,0,,sale\n"))
    stored = json.loads((result.folder / "audit_changes.json").read_text(encoding="utf-8"))
    assert ("orders.price_not_positive", "new") in {(change.code, change.change) for change in result.changes}
    assert "orders.price_not_positive" in {change["code"] for change in stored}


@pytest.mark.parametrize("name", [FILE, FORMER_FILE])
def test_drift_is_found_against_the_statistics_of_the_ingest_before(write_shop, tmp_path, name):
    """Under the name that workspaces of before gave the file, too."""
    workspace = Workspace(tmp_path / "home")
    before = ingest(workspace, write_shop())
    (before.folder / FILE).rename(before.folder / name)
    without_discount = ORDERS_SQL.replace(" discount,", "")
    after = ingest(workspace, write_shop(sql={"orders": without_discount}))
    assert "any.column_vanished" in {finding.code for finding in after.findings}


CORRECTED = {
    "orders": ORDERS_SQL.replace("discount,", ""),
    "subscriptions": """SELECT customer AS customer_id, sku AS plan, "when" AS started_at, discount AS ended_at, price
        FROM lines""",
    "feedback": 'SELECT customer AS customer_id, "when" AS "at", \'csat\' AS kind, qty AS score FROM lines',
}
VERSIONS = {"subscriptions": ["customer_id", "plan", "started_at"], "feedback": ["customer_id", "at"]}


@pytest.mark.parametrize("declared", [True, False])
def test_a_version_is_no_other_contract_or_answer_where_corrections_are_declared(write_shop, tmp_path, declared):
    """The contract comes again with its end, the answer with another score."""
    source = write_shop(files={"lines": "lines-*.csv"}, sql=CORRECTED, corrections=VERSIONS if declared else {})
    line = "A1,ann,2024-03-01,tea,{},4.50,{},sale\n"
    for number, text in enumerate([line.format(1, ""), line.format(2, "2024-03-20")]):
        (source.raw / f"lines-{number}.csv").write_text(HEADER + text, encoding="utf-8")
        result = ingest(Workspace(tmp_path / "home"), source, as_known=datetime(2024, 3, 25 + number))
    found = {finding.code for finding in result.findings} & {"subscriptions.overlap", "feedback.answered_twice"}
    assert found == (set() if declared else {"subscriptions.overlap", "feedback.answered_twice"})
