"""A later-known row takes the place of the earlier ones it corrects, from then on and not before."""

from datetime import datetime

import duckdb
import pytest

from features.errors import BadConfig
from pipelines.ingest.canonical import ingest
from pipelines.workspace import Workspace

not_about_the_audit = pytest.mark.usefixtures("unaudited")

HEADER = "order_no,customer,when,sku,qty,kind,known,replaced\n"
SQL = """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id, qty AS quantity,
    2 AS unit_price, kind, known AS known_at, replaced AS replaced_at FROM lines"""
BY_ORDER = {"orders": ["order_id", "kind"]}


def rows(result, columns, table="orders"):
    return duckdb.sql(f"SELECT {columns} FROM '{result.folder / (table + '.parquet')}' ORDER BY ALL").fetchall()


def day(n):
    return n and datetime(2024, 3, n)


CASES = {
    # name: [(line: order, product, quantity, known day, replaced day given), and the replaced day it must have]
    "a row nobody corrects stands": [(("A", "mug", 1, None, None), None)],
    "a later version replaces all earlier lines": [
        (("A", "mug", 1, None, None), 5), (("A", "pot", 1, None, None), 5), (("A", "mug", 2, 5, None), None),
    ],
    "each version is replaced by the next": [
        (("A", "mug", 1, None, None), 5), (("A", "mug", 2, 5, None), 9), (("A", "mug", 3, 9, None), None),
    ],
    "lines of one version stand together": [
        (("A", "mug", 1, None, None), 5), (("A", "mug", 2, 5, None), None), (("A", "pot", 2, 5, None), None),
    ],
    "another order is not concerned": [(("A", "mug", 1, None, None), None), (("B", "mug", 2, 5, None), None)],
    "what the source says of replaced_at holds": [(("A", "mug", 1, None, 3), 3), (("A", "mug", 2, 5, None), None)],
    "back to what it was is a correction too": [
        (("A", "mug", 1, None, None), 5), (("A", "mug", 2, 5, None), 9), (("A", "mug", 1, 9, None), None),
    ],
}  # fmt: skip


def lines_of(case):
    return "".join(
        f"{order},ann,2024-02-01,{sku},{qty},sale,{day(known) or ''},{day(replaced) or ''}\n"
        for (order, sku, qty, known, replaced), _ in case
    )


@pytest.mark.parametrize("name", CASES)
@not_about_the_audit
def test_versions_by_hand(write_shop, tmp_path, name):
    source = write_shop(lines_of(CASES[name]), header=HEADER, sql={"orders": SQL}, corrections=BY_ORDER)
    result = ingest(Workspace(tmp_path / "home"), source)
    found = rows(result, "order_id, product_id, quantity, known_at, replaced_at")
    expected = [(order, sku, float(qty), day(known), day(by)) for (order, sku, qty, known, _), by in CASES[name]]
    assert sorted(found, key=str) == sorted(expected, key=str)
    marked = sum(by is not None and given[4] is None for given, by in CASES[name])
    assert result.repairs["orders"].get("replaced_by_correction", 0) == marked


@not_about_the_audit
def test_without_a_declaration_nothing_is_replaced(write_shop, tmp_path):
    case = CASES["each version is replaced by the next"]
    result = ingest(Workspace(tmp_path / "home"), write_shop(lines_of(case), header=HEADER, sql={"orders": SQL}))
    assert rows(result, "DISTINCT replaced_at") == [(None,)]


@not_about_the_audit
def test_an_empty_cell_marks_no_versions(write_shop, tmp_path):
    sql = """SELECT customer AS customer_id, "when" AS "at", 'login' AS kind, nullif(sku, '') AS session_id,
        known AS known_at FROM lines"""
    lines = "A,ann,2024-02-01,,1,sale,,\nA,ann,2024-02-02,,1,sale,2024-03-05,\n"
    shop = write_shop(lines, header=HEADER, sql={"events": sql}, corrections={"events": ["session_id"]})
    result = ingest(Workspace(tmp_path / "home"), shop)
    assert rows(result, "DISTINCT replaced_at", "events") == [(None,)]


@not_about_the_audit
def test_a_return_takes_back_a_sale_that_stood_when_the_return_was_read(write_shop, tmp_path):
    """The larger sale was replaced before R1 and after R2 could be read; the one of 2 March came late."""
    lines = """\
A,ann,2024-02-01,mug,9,sale,,
A,ann,2024-02-01,mug,1,sale,2024-03-05,
B,ann,2024-02-02,mug,9,sale,2024-03-20,
R1,ann,2024-03-06,mug,3,return,,
R2,ann,2024-03-04,mug,3,return,,
R3,ann,2024-03-21,mug,3,return,,
"""
    result = ingest(
        Workspace(tmp_path / "home"), write_shop(lines, header=HEADER, sql={"orders": SQL}, corrections=BY_ORDER)
    )
    found = dict(duckdb.sql(
        f"SELECT order_id, original_order_id FROM '{result.folder / 'orders.parquet'}' WHERE kind = 'return'"
    ).fetchall())  # fmt: skip
    assert found == {"R1": None, "R2": "A", "R3": "B"}


DELIVERED = """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id,
    qty AS quantity, 2 AS unit_price, kind FROM lines"""


def deliver(write_shop, home, lots):
    source = write_shop(
        files={"lines": "lines-*.csv"}, header=HEADER, sql={"orders": DELIVERED}, corrections=BY_ORDER, name="stream"
    )
    for n, (present, lines) in enumerate(lots):
        (source.raw / f"lines-{n}.csv").write_text(HEADER + lines, encoding="utf-8")
        result = ingest(home, source, as_known=present)
    return rows(result, "product_id, quantity, known_at, replaced_at"), result


@not_about_the_audit
def test_a_delivery_that_says_an_order_anew_corrects_it_however_fresh_it_is(write_shop, tmp_path):
    fresh = "A,ann,2024-03-09,mug,{},sale,,\n"
    lots = [(day(10), fresh.format(1)), (day(11), fresh.format(2) + "B,ann,2024-03-10,pot,1,sale,,\n")]
    found, _ = deliver(write_shop, Workspace(tmp_path / "home"), lots)
    assert found == [("mug", 1, None, day(11)), ("mug", 2, day(11), None), ("pot", 1, None, None)]


@not_about_the_audit
def test_a_delivery_that_repeats_an_order_changes_nothing(write_shop, tmp_path):
    one, two = "A,ann,2024-03-01,mug,1,sale,,\n", "A,ann,2024-03-01,pot,1,sale,,\n"
    lots = [(day(10), one + two), (day(15), two + one), (day(20), one), (day(25), one)]
    found, result = deliver(write_shop, Workspace(tmp_path / "home"), lots)
    expected = [("mug", 1, None, day(20)), ("mug", 1, day(20), None), ("pot", 1, None, day(20))]
    assert sorted(found, key=str) == sorted(((sku, float(qty), *days) for sku, qty, *days in expected), key=str)
    assert result.repairs["orders"] == {"exact_duplicate_dropped": 3, "replaced_by_correction": 2}


@pytest.mark.parametrize(
    ("corrections", "sentence"),
    [
        ({"customers": ["customer_id"]}, "customers has no corrections: use one of orders, events"),
        ({"orders": ["order"]}, "orders has no column 'order'"),
        ({"orders": []}, "orders names no columns"),
        ({"orders": ["known_at"]}, "orders has no column 'known_at'"),
    ],
)
def test_a_wrong_declaration_is_refused(write_shop, corrections, sentence):
    with pytest.raises(BadConfig) as error:
        write_shop(corrections=corrections)
    assert sentence in str(error.value)
