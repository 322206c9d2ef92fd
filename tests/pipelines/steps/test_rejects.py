"""What ingest refused can be read again: as counts, as rows, as CSV."""

import csv
import io
from pathlib import Path

import duckdb
import pytest

from features.errors import NotFound
from pipelines.sources.meanings import meaning
from pipelines.steps.rejects import rejected_rows, rejects_summary, write_csv
from pipelines.workspace import Workspace

ROWS = """
    SELECT 'A1' AS order_id,
        TIMESTAMPTZ '2024-01-05 10:00+02' AS at, NULL AS customer_id, 'missing_customer_id' AS reason
    UNION ALL SELECT 'A2', NULL, 'eve, "the first"', 'before_1970' UNION ALL SELECT 'A3', NULL, 'bob', 'before_1970'"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    home = Workspace(tmp_path)

    def write(folder: Path) -> None:
        (folder / "rejects").mkdir()
        for table, rows in (("orders", ROWS), ("products", "SELECT 'p' AS product_id, 'x' AS reason WHERE false")):
            duckdb.sql(f"COPY ({rows}) TO '{folder / 'rejects' / table}.parquet'")

    home.publish("canonical", "c", write)
    return home


def test_reasons_are_counted_by_table(workspace):
    found = rejects_summary(workspace)["rejects"]
    assert [(row["table"], row["reason"], row["rows"]) for row in found] == [
        ("orders", "before_1970", 2),
        ("orders", "missing_customer_id", 1),
    ]


def test_rows_come_with_their_reason_and_as_csv_unchanged(workspace):
    assert rejected_rows(workspace, "orders")["rows"] == 3
    out = io.StringIO()
    write_csv(workspace, "orders", out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert {"reason": "before_1970", "order_id": "A2", "at": "", "customer_id": 'eve, "the first"'} in rows
    assert len(rows) == 3
    assert rejected_rows(workspace, "products")["rows"] == 0


def test_an_unknown_table_is_refused_with_those_there_are(workspace):
    with pytest.raises(NotFound, match=r"no table 'order': ask for one of orders, products"):
        rejected_rows(workspace, "order")


def test_every_documented_reason_has_a_meaning():
    import pipelines.sources as sources

    text = (sources.__doc__ or "").split("Reasons of rejected rows")[1].split("Exact")[0]
    reasons = [part for part in text.split("``")[1::2] if "_" in part and " " not in part and part != "as_known"]
    assert len(reasons) > 10
    assert [reason for reason in reasons if not meaning(reason)] == []
