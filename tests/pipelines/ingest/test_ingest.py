"""Ingest loses nothing, repeats itself to the byte, hides whom it should, and changes nothing when it fails."""

import hashlib
import hmac
import json
import random
import stat
from datetime import datetime

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import BadArtifact, BadConfig, BadTable, CoterieError
from pipelines.ingest.canonical import ingest
from pipelines.ingest.result import read_result
from pipelines.sources import load_source
from pipelines.workspace import Workspace
from tests.pipelines.conftest import ORDERS_SQL

# Each line and what must become of it.
FATES = """\
A1,ann,2024-01-05 10:00,mug,2,4.50,,sale          | kept
A1,ann,2024-01-05 10:00,mug,2,4.50,,sale          | exact_duplicate_dropped
A1, ann ,2024-01-05 10:00,pot,1,20,1.5,SALE       | kept
A2,bob,2024-01-06 10:00,mug,1,4.50,4.50,sale      | kept
R1,ann,2024-01-07 10:00,mug,-1,4.50,,return       | kept
R2,ann,2024-01-07 10:00,pot,1,20,,return          | kept
,ann,2024-01-05 10:00,mug,2,4.50,,sale            | missing_order_id
A3,,2024-01-05 10:00,mug,2,4.50,,sale             | missing_customer_id
A3,"  ",2024-01-05 10:00,mug,2,4.50,,sale         | missing_customer_id
A3,,yesterday,mug,0,0,,sale                       | missing_customer_id
A3,ann,,mug,2,4.50,,sale                          | missing_at
A3,ann,2024-02-30 10:00,mug,2,4.50,,sale          | unreadable_at
A3,ann,2024-01-05 10:00,mug,two,4.50,,sale        | unreadable_quantity
A3,ann,2024-01-05 10:00,mug,2,1e999,,sale         | unreadable_unit_price
A3,ann,2024-01-05 10:00,mug,2,nan,,sale           | unreadable_unit_price
A3,ann,2024-01-05 10:00,mug,2,4.50,10%,sale       | unreadable_discount
A3,ann,2024-01-05 10:00,mug,2,4.50,,swap          | unknown_kind
A3,ann,1970-01-01 00:00,mug,2,4.50,,sale          | before_1970
A3,ann,2024-06-01 00:00,mug,2,4.50,,sale          | in_the_future
A3,ann,2024-05-31 23:59,mug,2,4.50,,sale          | kept
A3,ann,2024-01-05 10:00,Post,1,4.50,,sale         | not_a_product
A3,ann,2024-01-05 10:00,gift_12,1,4.50,,sale      | not_a_product
A3,ann,2024-01-05 10:00,gift_box,1,4.50,,sale     | kept
A3,ann,2024-01-05 10:00,mug,2,0,,sale             | price_not_positive
A3,ann,2024-01-05 10:00,mug,2,-4.50,,sale         | price_not_positive
A3,ann,2024-01-05 10:00,mug,2,4.50,-1,sale        | negative_discount
A3,ann,2024-01-05 10:00,mug,0,4.50,,sale          | quantity_not_positive
A3,ann,2024-01-05 10:00,mug,-2,4.50,,sale         | quantity_not_positive
A3,ann,2024-01-05 10:00,mug,0,4.50,,return        | quantity_not_positive
A3,ann,2024-01-05 10:00,mug,2,4.50,9.01,sale      | discount_above_amount
"""
KEYS = {"not_products": {"ids": ["POST"], "patterns": [r"gift_\d+"]}}
PRESENT = datetime(2024, 6, 1)


def lines_and_fates():
    pairs = [line.split("|") for line in FATES.splitlines()]
    return [line.rstrip() + "\n" for line, _ in pairs], [fate.strip() for _, fate in pairs]


def table(result, name="orders"):
    rows = duckdb.sql(f"FROM '{result.folder / (name + '.parquet')}'")
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]


def bytes_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_line_that_is_no_row_is_counted_and_found_again_in_the_rejects(write_shop, tmp_path):
    """Of each table that reads its file; a table of other files knows nothing of it."""
    lines = "A1,ann,2024-01-05,mug,2,4.50,,sale\nA2,ann,2024-01-05,mug,2,4,50,,sale\n"
    people = "SELECT customer AS customer_id FROM (SELECT DISTINCT customer FROM lines)"
    select = 'SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", kind, qty AS quantity'
    sql = {
        "orders": f"{select}, price AS unit_price FROM lines",
        "customers": people,
        "products": "SELECT 'mug' AS product_id",
    }
    result = ingest(Workspace(tmp_path / "home"), write_shop(lines, sql=sql))
    assert result.counts == {"orders": 1, "customers": 1, "products": 1}
    assert result.rejects == {"orders": {"too_many_fields": 1}, "customers": {"too_many_fields": 1}, "products": {}}
    facts = json.loads((result.folder / "manifest.json").read_text())["tables"]
    assert {name: table["rows_in"] for name, table in facts.items()} == {"orders": 2, "customers": 2, "products": 1}
    for name in ("orders", "customers"):
        (refused,) = table(result, f"rejects/{name}")
        assert (refused["raw_file"], refused["raw_line"]) == ("lines.csv", 3)
        assert refused["raw_text"] == lines.splitlines()[1]
    assert "raw_text" not in duckdb.sql(f"FROM '{result.folder / 'rejects/products.parquet'}'").columns


def test_a_guessed_encoding_is_found_with_its_file_in_the_tables_that_read_it(write_shop, tmp_path):
    sql = {"orders": ORDERS_SQL, "customers": "SELECT who AS customer_id, name AS attr_name FROM people"}
    source = write_shop(sql=sql, files={"lines": "lines*.csv", "people": "people*.csv"})
    (source.raw / "people-1.csv").write_bytes(b"who,name\nann,Ann\n")
    (source.raw / "people-2.csv").write_bytes("who,name\nzoe,Zoë\n".encode("cp1252"))
    result = ingest(Workspace(tmp_path / "home"), source)
    found = [(each.table, each.count, each.examples) for each in result.findings if each.code == "any.guessed_encoding"]
    assert found == [("customers", 1, ({"file": "people-2.csv", "read as": "cp1252"},))]
    assert {row["attr_name"] for row in table(result, "customers")} == {"Ann", "Zoë"}
    (source.folder / "source.toml").write_text(source.config_text + '[csv]\nencoding = "cp1252"\n', encoding="utf-8")
    declared = ingest(Workspace(tmp_path / "home"), load_source(source.folder))
    assert "any.guessed_encoding" not in {finding.code for finding in declared.findings}


def test_bad_lines_are_counted_whatever_the_select_computes(write_shop, tmp_path):
    by_time = """SELECT DISTINCT 'A' || count(*) OVER (ORDER BY "when" :: TIMESTAMP
        RANGE BETWEEN INTERVAL 1 SECOND FOLLOWING AND UNBOUNDED FOLLOWING) AS order_id,
        customer AS customer_id, "when" AS "at", sku AS product_id, qty AS quantity, price AS unit_price, kind
        FROM Lines"""
    lines = "A1,ann,2024-01-05,mug,2,4.50,,sale\nA3,cyd,2024-02-02,mug,1,4.50,,sale,too,many\n"
    source = write_shop(lines, sql={"orders": by_time})
    assert ingest(Workspace(tmp_path / "home"), source).rejects == {"orders": {"too_many_fields": 1}}


def test_a_line_of_a_file_that_fills_a_vault_is_refused_without_its_text(write_shop, tmp_path):
    """In the rejects of other tables that read the same file too."""
    lines = "A1,ann,2024-01-05,mug,2,4.50,,sale\nA2,ann@home,2024-01-05,mug,2,4,50,,sale\n"
    orders = 'SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", kind, qty AS quantity'
    sql = {
        "orders": f"{orders}, price AS unit_price FROM lines",
        "contacts": "SELECT customer AS customer_id, sku AS email FROM lines",
    }
    result = ingest(Workspace(tmp_path / "home"), write_shop(lines, sql=sql))
    for name in sql:
        (refused,) = table(result, f"rejects/{name}")
        assert (refused["raw_line"], refused["raw_text"], refused["reason"]) == (3, None, "too_many_fields")


def test_every_line_meets_its_fate(write_shop, tmp_path):
    lines, fates = lines_and_fates()
    result = ingest(Workspace(tmp_path / "home"), write_shop("".join(lines), **KEYS), as_known=PRESENT)
    rejected = {reason: fates.count(reason) for reason in fates if reason not in {"kept", "exact_duplicate_dropped"}}
    assert result.counts["orders"] == fates.count("kept")
    assert result.rejects["orders"] == rejected
    assert result.repairs["orders"] == {
        "exact_duplicate_dropped": 1,
        "return_matched_to_sale": 2,
        "return_quantity_made_positive": 1,
        "tidied_customer_id": 1,
        "tidied_kind": 1,
    }


def test_rejects_keep_what_the_source_said(write_shop, tmp_path):
    sql = {
        "orders": """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", qty AS quantity,
            price AS unit_price, kind, sku AS source_sku FROM lines"""
    }
    lines = "A1,ann,2024-01-05,mug,1,2,,sale\nA2,bob,2024-01-05,mug,1,2,,sale\n A3 ,ann,soon,pot,x,2,,Sale\n"
    result = ingest(Workspace(tmp_path / "home"), write_shop(lines, sql=sql))
    assert table(result, "rejects/orders") == [
        {
            "order_id": " A3 ", "customer_id": "ann", "at": "soon", "quantity": "x", "unit_price": "2", "kind": "Sale",
            "source_sku": "pot", "reason": "unreadable_at",
        }
    ]  # fmt: skip
    assert "source_sku" not in table(result)[0]


def test_free_lines_are_kept_where_the_source_says_so(write_shop, tmp_path):
    lines = "A1,ann,2024-01-05,mug,1,0,,sale\nA2,bob,2024-01-05,mug,1,-2,,sale\n"
    result = ingest(Workspace(tmp_path / "home"), write_shop(lines, zero_price="keep"))
    assert (result.counts["orders"], result.rejects["orders"]) == (1, {"price_not_positive": 1})


CELLS = {
    "order": ["A1", "A2", ""],
    "customer": ["ann", " ann", "bob", ""],
    "when": ["2024-01-05 10:00", "2024-01-06", "2024-13-01", ""],
    "sku": ["mug", "POST", ""],
    "qty": ["1", "2", "-1", "0", "one"],
    "price": ["4.5", "0", "-1", "?"],
    "discount": ["", "1", "-1", "100"],
    "kind": ["sale", "return", "Return ", "gift"],
}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*(st.sampled_from(cells) for cells in CELLS.values())), max_size=25))
def test_rows_in_are_rows_out_rejects_and_duplicates(write_shop, tmp_path_factory, rows):
    good = [(f"G{n}", "ann", "2024-01-05", "mug", "3", "4.5", "", "sale") for n in range(30)]
    source = write_shop("".join(",".join(row) + "\n" for row in [*good, *rows]), **KEYS)
    result = ingest(Workspace(tmp_path_factory.mktemp("home")), source)
    facts = json.loads((result.folder / "manifest.json").read_text())["tables"]["orders"]
    rejects = table(result, "rejects/orders")
    dropped = result.repairs["orders"].get("exact_duplicate_dropped", 0)
    assert facts["rows_in"] == len(good) + len(rows) == len(table(result)) + len(rejects) + dropped
    assert all(row["reason"] for row in rejects)
    assert all(row["quantity"] > 0 and row["unit_price"] > 0 and row["customer_id"] for row in table(result))


def test_exact_duplicates_differ_in_nothing_returned(write_shop, tmp_path):
    """Two lines of one order that differ only in a source_ column are two lines."""
    lines = "A1,ann,2024-01-05,mug,1,2,x,sale\n" * 3 + "A1,ann,2024-01-05,mug,1,2,y,sale\n"
    sql = """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id, qty AS quantity,
        price AS unit_price, kind, discount AS source_line FROM lines"""
    result = ingest(Workspace(tmp_path / "home"), write_shop(lines, sql={"orders": sql}))
    assert result.counts["orders"] == 2
    assert result.repairs["orders"] == {"exact_duplicate_dropped": 2}


RETURNS = [
    # (what was returned, the sale it takes back)
    ("R1,ann,2024-03-01,mug,2,4.5,,return", "S2"),  # the latest of two large enough
    ("R2,ann,2024-03-01,mug,3,4.5,,return", "S1"),  # the latest is too small
    ("R3,ann,2024-03-01,mug,9,4.5,,return", None),  # none is large enough
    ("R4,ann,2024-01-15,mug,1,4.5,,return", "S1"),  # the later sale had not happened
    ("R5,ann,2023-12-31,mug,1,4.5,,return", None),  # before any sale
    ("R6,bob,2024-03-01,mug,1,4.5,,return", None),  # another customer's
    ("R7,ann,2024-03-01,pot,1,4.5,,return", None),  # another product
    ("R8,bob,2024-02-02,pan,4,9,,return", "S4"),  # two lines of one sale are large enough together
]
SALES = """\
S1,ann,2024-01-01,mug,5,4.5,,sale
S2,ann,2024-02-01,mug,2,4.5,,sale
S3,ann,2024-04-01,mug,9,4.5,,sale
S4,bob,2024-02-02,pan,2,9,,sale
S4,bob,2024-02-02,pan,2,8,,sale
"""


def test_a_return_takes_back_the_latest_sale_before_it(write_shop, tmp_path):
    lines = SALES + "".join(line + "\n" for line, _ in RETURNS)
    result = ingest(Workspace(tmp_path / "home"), write_shop(lines))
    found = {row["order_id"]: row["original_order_id"] for row in table(result) if row["kind"] == "return"}
    assert found == {line.split(",")[0]: sale for line, sale in RETURNS}
    assert result.repairs["orders"]["return_matched_to_sale"] == 4


def test_a_match_the_source_gives_is_kept(write_shop, tmp_path):
    sql = """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id, qty AS quantity,
        price AS unit_price, kind, if(kind = 'return', 'S1', NULL) AS original_order_id FROM lines"""
    lines = SALES + RETURNS[0][0] + "\n"
    result = ingest(Workspace(tmp_path / "home"), write_shop(lines, sql={"orders": sql}))
    assert [row["original_order_id"] for row in table(result) if row["kind"] == "return"] == ["S1"]
    assert "return_matched_to_sale" not in result.repairs["orders"]


def test_the_fullest_row_of_a_customer_is_kept(write_shop, tmp_path):
    orders = write_shop().sql["orders"]
    customers = """SELECT * FROM (VALUES ('ann', NULL, NULL, 1), (' ann', 'Bath', '1980', 2), ('ann', 'York', NULL, 3),
        (' ann', 'Bath', '1980', 2), ('bob', NULL, NULL, 4)) AS given(customer_id, city, birth_year, source_line)"""
    result = ingest(Workspace(tmp_path / "home"), write_shop(sql={"orders": orders, "customers": customers}))
    kept = [(row["customer_id"], row["city"], row["birth_year"]) for row in table(result, "customers")]
    assert kept == [("ann", "Bath", 1980), ("bob", None, None)]
    rejected = [(row["city"], row["source_line"], row["reason"]) for row in table(result, "rejects/customers")]
    assert rejected == [("York", 3, "duplicate_key"), (None, 1, "duplicate_key")]
    assert result.repairs["customers"]["exact_duplicate_dropped"] == 1


def test_non_products_are_set_aside_from_products_too(write_shop, tmp_path):
    sql = {"orders": write_shop().sql["orders"], "products": "SELECT unnest(['mug', 'Post']) AS product_id"}
    result = ingest(Workspace(tmp_path / "home"), write_shop(sql=sql, **KEYS))
    assert [row["product_id"] for row in table(result, "products")] == ["mug"]
    assert result.rejects["products"] == {"not_a_product": 1}


def test_the_same_input_gives_the_same_bytes(write_shop, tmp_path):
    lines, _ = lines_and_fates()
    source = write_shop("".join(lines), **KEYS)
    first = ingest(Workspace(tmp_path / "a"), source, as_known=PRESENT)
    second = ingest(Workspace(tmp_path / "b"), source, as_known=PRESENT)
    assert first.id == second.id
    assert bytes_of(first.folder) == bytes_of(second.folder)


def test_the_order_of_the_lines_changes_no_table(write_shop, tmp_path):
    lines, _ = lines_and_fates()
    first = ingest(Workspace(tmp_path / "a"), write_shop("".join(lines), **KEYS), as_known=PRESENT)
    random.Random(1).shuffle(lines)
    second = ingest(Workspace(tmp_path / "a"), write_shop("".join(lines), **KEYS), as_known=PRESENT)
    assert first.id != second.id
    for name in ("orders.parquet", "rejects/orders.parquet", "audit.json"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()


def test_a_second_ingest_changes_nothing(write_shop, tmp_path):
    workspace, source = Workspace(tmp_path / "home"), write_shop()
    first = ingest(workspace, source)
    before = {path: path.stat().st_mtime_ns for path in workspace.home.rglob("*")}
    second = ingest(workspace, source)
    assert (first.changed, second.changed) == (True, False)
    assert (second.id, second.counts, second.findings) == (first.id, first.counts, first.findings)
    assert {path: path.stat().st_mtime_ns for path in workspace.home.rglob("*")} == before


def test_going_back_to_earlier_data_only_moves_the_pointer(write_shop, tmp_path):
    workspace, source = Workspace(tmp_path / "home"), write_shop()
    first = ingest(workspace, source)
    second = ingest(workspace, write_shop(name="other"))
    assert workspace.current("canonical") == second.folder != first.folder
    again = ingest(workspace, source)
    assert (again.id, again.changed) == (first.id, True)
    assert workspace.current("canonical") == first.folder


@pytest.mark.parametrize(
    "change",
    [
        {"lines": "A1,ann,2024-01-05,mug,3,4.50,,sale\n"},
        {"timezone": "Asia/Tokyo"},
        {"zero_price": "keep"},
        {"sql": {"orders": "SELECT order_no AS order_id, customer AS customer_id, 'sale' AS kind, qty AS quantity, "
                 'price AS unit_price, "when" AS "at" FROM lines'}},
    ],
)  # fmt: skip
def test_whatever_decides_the_content_changes_the_id(write_shop, tmp_path, change):
    workspace = Workspace(tmp_path / "home")
    first = ingest(workspace, write_shop())
    assert ingest(workspace, write_shop(**change)).id != first.id


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "A1,ann,13/13/2024,mug,1,2,,sale\n" * 3,
        "A1,,2024-01-05,mug,1,2,,sale\n",
        "A1,ann,2024-01-05,mug,1,free,,sale\n",
    ],
)
def test_a_failing_ingest_leaves_the_workspace_as_it_was(write_shop, tmp_path, lines):
    workspace = Workspace(tmp_path / "home")
    ingest(workspace, write_shop())
    before = bytes_of(workspace.home)
    with pytest.raises(CoterieError):
        ingest(workspace, write_shop(lines))
    assert bytes_of(workspace.home) == before


def test_a_crash_while_writing_leaves_the_workspace_as_it_was(write_shop, tmp_path, monkeypatch):
    workspace = Workspace(tmp_path / "home")
    ingest(workspace, write_shop())
    before = bytes_of(workspace.home)

    def full_disk(*_):
        raise OSError("no space left")

    monkeypatch.setattr("pipelines.ingest.publication._write_json", full_disk)
    with pytest.raises(OSError, match="no space left"):
        ingest(workspace, write_shop("A1,ann,2024-01-05,mug,1,2,,sale\n"))
    assert bytes_of(workspace.home) == before


def test_when_every_row_is_rejected_the_reasons_are_told(write_shop, tmp_path):
    lines = "A1,,2024-01-05,mug,1,2,,sale\nA2,,2024-01-05,mug,1,2,,sale\nA3,ann,2024-01-05,mug,0,2,,sale\n"
    with pytest.raises(BadTable, match=r"all 3 rows were rejected \(2 missing_customer_id, 1 quantity_not_positive\)"):
        ingest(Workspace(tmp_path / "home"), write_shop(lines))


def test_a_damaged_publication_is_named(write_shop, tmp_path):
    result = ingest(Workspace(tmp_path / "home"), write_shop())
    (result.folder / "manifest.json").write_text("{")
    with pytest.raises(BadArtifact, match=r"manifest\.json cannot be read"):
        read_result(result.folder)


def test_pseudonyms_are_keyed_hashes_of_trimmed_ids(write_shop, tmp_path):
    lines, _ = lines_and_fates()
    sql = {"orders": write_shop().sql["orders"], "customers": "SELECT DISTINCT customer AS customer_id FROM lines"}
    workspace = Workspace(tmp_path / "home")
    result = ingest(workspace, write_shop("".join(lines), sql=sql, **KEYS), pseudonymise=True, as_known=PRESENT)
    key = bytes.fromhex((workspace.home / "pseudonym.key").read_text())
    expected = {hmac.new(key, id_.encode(), hashlib.sha256).hexdigest()[:32] for id_ in ("ann", "bob")}
    assert {row["customer_id"] for row in table(result)} == expected
    assert {row["customer_id"] for row in table(result, "customers")} == expected
    assert {row["customer_id"] for row in table(result, "rejects/orders")} <= expected | {None}
    assert stat.S_IMODE((workspace.home / "pseudonym.key").stat().st_mode) == 0o600


def test_no_id_survives_pseudonyms_anywhere(write_shop, tmp_path):
    orders = write_shop().sql["orders"].replace("kind\n", "kind, customer AS source_customer\n")
    lines = "A1,zebedee,2024-01-05,mug,1,2,,sale\nA2, zebedee,2024-01-05,mug,0,2,,sale\n"
    result = ingest(Workspace(tmp_path / "home"), write_shop(lines, sql={"orders": orders}), pseudonymise=True)
    for path in result.folder.rglob("*.parquet"):
        assert "zebedee" not in str(duckdb.sql(f"FROM '{path}'").fetchall())
    assert all(b"zebedee" not in content for content in bytes_of(result.folder).values())


def test_pseudonyms_stay_the_same_with_the_key_and_only_with_it(write_shop, tmp_path):
    source = write_shop(pseudonymise=True)
    workspace, other = Workspace(tmp_path / "home"), Workspace(tmp_path / "other")
    first, second, foreign = ingest(workspace, source), ingest(workspace, source), ingest(other, source)
    plain = ingest(workspace, source, pseudonymise=False)
    assert (second.id, second.changed) == (first.id, False)
    assert len({first.id, foreign.id, plain.id}) == 3
    assert {row["customer_id"] for row in table(first)}.isdisjoint(row["customer_id"] for row in table(foreign))


def test_a_damaged_key_is_refused_and_not_replaced(write_shop, tmp_path):
    workspace = Workspace(tmp_path / "home")
    workspace.home.mkdir()
    (workspace.home / "pseudonym.key").write_text("abc\n")
    with pytest.raises(BadConfig, match="must hold 64 hex digits"):
        ingest(workspace, write_shop(), pseudonymise=True)
    assert (workspace.home / "pseudonym.key").read_text() == "abc\n"


@pytest.fixture(scope="module")
def online_retail(data_dir, tmp_path_factory):
    """Online Retail ingested, and the raw lines for an oracle."""
    workspace = Workspace(tmp_path_factory.mktemp("online_retail"))
    result = ingest(workspace, load_source("online_retail"), data_dir / "online_retail")
    return result, f"'{data_dir / 'online_retail' / 'online_retail.parquet'}'"


def test_online_retail_counts_are_the_known_ones(online_retail):
    result, _ = online_retail
    found = {finding.code: finding.count for finding in result.findings if finding.table == "orders"}
    assert {finding.rows for finding in result.findings if finding.table == "orders"} == {541_909}
    assert found["any.missing_customer"] == result.rejects["orders"]["missing_customer_id"] == 135_080
    assert found["orders.returns"] == 9_288
    assert found["orders.returns"] + found["orders.quantity_not_positive_sale"] == 10_624
    assert found["orders.price_not_positive"] == 2_517
    assert found["any.exact_duplicates"] == 5_268
    assert result.counts["customers"] == 4_372
    assert result.counts["orders"] == 399_659


def test_online_retail_sales_are_the_usual_ones_less_duplicates_and_non_products(online_retail):
    result, raw = online_retail
    usual = f"""FROM {raw} WHERE CustomerID IS NOT NULL AND Quantity > 0 AND UnitPrice > 0"""
    assert duckdb.sql(f"SELECT count(*), count(DISTINCT CustomerID) {usual}").fetchall() == [(397_884, 4_338)]
    codes = "('POST', 'DOT', 'C2', 'M', 'D', 'BANK CHARGES')"
    expected = duckdb.sql(
        f"""SELECT count(*), count(DISTINCT CustomerID), sum(Quantity), round(sum(Quantity * UnitPrice), 2)
        FROM (SELECT DISTINCT * {usual}) WHERE StockCode NOT IN {codes}"""
    ).fetchall()
    found = duckdb.sql(
        f"""SELECT count(*), count(DISTINCT customer_id), sum(quantity), round(sum(quantity * unit_price), 2)
        FROM '{result.folder / "orders.parquet"}' WHERE kind = 'sale'"""
    ).fetchall()
    assert found == expected


def test_online_retail_times_are_london_times_in_utc(online_retail):
    """Invoice 536365 was written at 08:26 in winter, 558638 at 08:16 in summer."""
    result, _ = online_retail
    first = duckdb.sql(
        f"""SELECT min("at") FROM '{result.folder / "orders.parquet"}' WHERE order_id IN ('536365', '558638')
        GROUP BY order_id ORDER BY order_id"""
    ).fetchall()
    assert first == [(datetime(2010, 12, 1, 8, 26),), (datetime(2011, 7, 1, 7, 16),)]


def test_cdnow_gives_the_published_customer_summary(data_dir, tmp_path):
    """Repeat purchase days, recency and age in weeks at the end of week 39, for all 2,357 customers."""
    result = ingest(Workspace(tmp_path / "home"), load_source("cdnow"), data_dir / "cdnow")
    assert (result.counts, result.rejects) == ({"orders": 6_919}, {"orders": {}})
    ours = duckdb.sql(
        f"""SELECT CAST(customer_id AS INT), count(DISTINCT day) - 1,
            round(date_diff('day', min(day), max(day)) / 7, 2),
            round(date_diff('day', min(day), DATE '1997-09-30') / 7, 2)
        FROM (SELECT customer_id, CAST("at" AS DATE) AS day FROM '{result.folder / "orders.parquet"}')
        WHERE day <= DATE '1997-09-30' GROUP BY customer_id ORDER BY ALL"""
    ).fetchall()
    summary = data_dir / "cdnow" / "cdnow_customers_summary.parquet"
    published = duckdb.sql(f"SELECT ID, frequency, recency, T FROM '{summary}' ORDER BY ALL").fetchall()
    assert len(ours) == len(published) == 2_357
    assert [row[:2] for row in ours] == [row[:2] for row in published]
    assert [row[2:] for row in ours] == [pytest.approx(row[2:], abs=0.011) for row in published]


def test_rows_refused_under_a_wrong_clock_come_back_when_it_is_right(write_shop, tmp_path, monkeypatch):
    workspace, source = Workspace(tmp_path / "home"), write_shop()

    def ingested_on(day):
        monkeypatch.setattr("pipelines.ingest.run._end_of_today", lambda: datetime(2024, *day))
        return ingest(workspace, source)

    wrong, later = ingested_on((1, 10)), ingested_on((1, 20))
    assert (wrong.counts, wrong.rejects) == ({"orders": 2}, {"orders": {"in_the_future": 1}})
    assert (later.id, later.changed) == (wrong.id, False)
    right, next_day = ingested_on((2, 2)), ingested_on((2, 3))
    assert (right.counts, right.rejects, right.changed) == ({"orders": 3}, {"orders": {}}, True)
    assert (next_day.id, next_day.changed) == (right.id, False)
