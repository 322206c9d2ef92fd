"""A file that grows or comes again changes nothing about the rows that it had before."""

from datetime import datetime, timedelta

import duckdb
import pytest

from pipelines.ingest.canonical import ingest
from pipelines.workspace import Workspace
from tests.pipelines.ingest.kills import Killed, kill_at

pytestmark = pytest.mark.usefixtures("unaudited")

HEADER = "order_no,customer,when,sku,qty,kind\n"
SQL = """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id, qty AS quantity,
    2 AS unit_price, kind FROM lines"""
OLD, OTHER, NEW = (f"{order},ann,2024-03-01,mug,1,sale\n" for order in ("A", "B", "C"))
CHANGED = OLD.replace(",1,", ",2,")


def day(n):
    return datetime(2024, 5, 1) + timedelta(days=n)


@pytest.fixture
def deliver(write_shop, tmp_path):
    """Deliver lots of files (name: content) on day 0, 1, ...; each lot is all there is then. The orders of the last."""

    def delivered(*lots, **keys):
        for n, lot in enumerate(lots):
            source = write_shop(files={"lines": "lines-*.csv"}, header=HEADER, sql={"orders": SQL}, **keys)
            for path in source.raw.iterdir():
                path.unlink()
            for name, content in lot.items():
                (source.raw / f"lines-{name}.csv").write_text(HEADER + content, encoding="utf-8")
            result = ingest(Workspace(tmp_path / "home"), source, as_known=day(n))
        query = f"SELECT order_id, quantity, known_at FROM '{result.folder}/orders.parquet' ORDER BY ALL"
        return [
            (order, int(quantity), known and (known - day(0)).days)
            for order, quantity, known in duckdb.sql(query).fetchall()
        ]

    return delivered


CASES = {
    # what happened: (the lots, known since which day of the last lot's orders; None: since they happened)
    "it grew twice": (
        [{"1": OLD}, {"1": OLD + NEW}, {"1": OLD + OTHER + NEW}],
        [("A", 1, None), ("B", 1, 2), ("C", 1, 1)],
    ),
    "one row was corrected": ([{"1": OLD + OTHER}, {"1": CHANGED + OTHER}], [("A", 2, 1), ("B", 1, None)]),
    "it grew and has a new name": ([{"1": OLD}, {"2": OLD + NEW}], [("A", 1, None), ("C", 1, 1)]),
    "it was away for a day": (
        [{"0": NEW, "1": OLD}, {"0": NEW, "1": OLD + OTHER}, {"0": NEW}, {"0": NEW, "1": OLD + OTHER}],
        [("A", 1, None), ("B", 1, 1), ("C", 1, None)],
    ),
    "it was in two files that are gone": (
        [
            {"0": OTHER},
            {"0": OTHER, "1": NEW},
            {"0": OTHER, "1": NEW, "2": NEW + OLD},
            {"0": OTHER, "3": OLD + NEW},
        ],
        [("A", 1, 2), ("B", 1, None), ("C", 1, 1)],
    ),
    "nothing of it was seen before": ([{"1": OLD}, {"1": NEW}], [("C", 1, None)]),
    "nothing of one of two was seen before": (
        [{"0": OTHER, "1": OLD}, {"0": OTHER, "1": NEW}],
        [("B", 1, None), ("C", 1, 1)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rows_stay_known_since_they_were_first_seen(deliver, name):
    lots, expected = CASES[name]
    assert deliver(*lots) == expected


@pytest.mark.parametrize("step", range(1, 6))
def test_an_ingest_that_was_killed_knows_its_rows_when_their_file_grows(deliver, monkeypatch, step):
    """The first one: of its files nothing is dated, so running it again finds the tables that it had written."""
    with monkeypatch.context() as patch:
        kill_at(patch, step)
        with pytest.raises(Killed):
            deliver({"1": OLD})
    assert deliver({"1": OLD}, {"1": OLD + NEW}) == [("A", 1, None), ("C", 1, 1)]


def test_the_same_with_corrections_and_pseudonyms(deliver):
    lots, expected = CASES["it grew twice"]
    assert deliver(*lots, pseudonymise=True, corrections={"orders": ["order_id"]}) == expected


def test_a_version_is_new_as_a_whole_when_one_of_its_lines_is(deliver):
    two_lines = OLD + OLD.replace("mug", "pot")
    found = deliver(
        {"1": two_lines + OTHER},
        {"1": two_lines.replace("pot,1", "pot,3") + OTHER},
        corrections={"orders": ["order_id"]},
    )
    assert found == [("A", 1, 1), ("A", 3, 1), ("B", 1, None)]


def test_another_order_of_rows_and_columns_or_another_delimiter_is_no_news(write_shop, tmp_path):
    workspace, source = Workspace(tmp_path / "home"), write_shop(files={"lines": "lines-*.csv"}, sql={"orders": SQL})
    other = "".join(f";{line.replace(',', ';')}" for line in (OTHER, NEW, OLD))
    for n, content in enumerate((HEADER + OLD + OTHER, "note;" + HEADER.replace(",", ";") + other)):
        (source.raw / "lines-1.csv").write_text(content, encoding="utf-8")
        result = ingest(workspace, source, as_known=day(n))
    assert result.late == {"orders": 1}


def test_rows_are_staged_and_remembered_once_however_often_their_file_grows(deliver, tmp_path, monkeypatch):
    staged = []
    real = __import__("pipelines.sources.staged_files", fromlist=["select_into_file"]).select_into_file
    monkeypatch.setattr(
        "pipelines.sources.staged_files.select_into_file", lambda *given: (staged.append(given[2].name), real(*given))
    )
    deliver({"1": OLD}, {"1": OLD + NEW}, {"1": OLD + NEW + OTHER})
    # On the first day the file as a whole, then its two parts, then the new one of three.
    assert len(staged) == 1 + 2 + 1
    assert len(list((tmp_path / "home" / "delivered").rglob("*.parquet"))) == 1


def test_equal_lines_are_units_if_the_source_says_so(deliver):
    """Three in one file are three; the same three in another file are an export that ran twice."""
    assert deliver({"1": 3 * OLD + NEW, "2": 2 * OLD}, repeated_lines="units") == [("A", 1, None)] * 3 + [
        ("C", 1, None)
    ]
    assert deliver({"1": 3 * OLD + NEW, "2": 2 * OLD}) == [("A", 1, None), ("C", 1, None)]
