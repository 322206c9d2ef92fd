"""Every source that comes with raw files makes of them the canonical rows, rejects and findings written by hand.

``recipes/<source>/<table>.csv`` has the rows of a table, with the columns that have a value; ``outcome.toml`` says how
many rows are rejected for which reason, and what each finding is about. Nothing else may be found.
"""

import csv
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.ingest import publication
from pipelines.ingest.canonical import ingest
from pipelines.ingest.result import IngestResult
from pipelines.sources import load_source, shipped_sources
from pipelines.workspace import Workspace

EXPECTED = Path(__file__).parent / "recipes"
PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
NAMES = [name for name in shipped_sources() if load_source(name).raw.is_dir()]
every_recipe = pytest.mark.parametrize("name", NAMES)

Ingested = Callable[[str], IngestResult]


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingested]:
    """Ingest a source's own raw files, each source once, and without the audit's page, which costs the most."""
    results: dict[str, IngestResult] = {}

    def result_of(name: str) -> IngestResult:
        if name not in results:
            results[name] = ingest(Workspace(tmp_path_factory.mktemp(name)), load_source(name))
        return results[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publication, "write_audit", lambda *_: None)
        yield result_of


def test_every_recipe_has_its_rows_written_by_hand() -> None:
    assert set(NAMES) == {folder.name for folder in EXPECTED.iterdir()}


def test_the_page_on_sources_lists_every_recipe() -> None:
    assert re.findall(r"^\| \[(\w+)\]\(../examples/\1\)", PAGE, re.MULTILINE) == sorted(NAMES, key=PAGE.index)


def test_the_sql_on_the_page_gives_every_line_of_an_order_its_customer() -> None:
    (query,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    with duckdb.connect() as con:
        con.execute("""CREATE VIEW orders_raw AS FROM (VALUES
            ('#1', 'ann', '2024-01-05', 'TEA', 1, 10), ('#1', NULL, NULL, 'CUP', 1, 5), ('#1', NULL, NULL, 'CUP', 1, 5),
            ('#2', 'bob', '2024-01-06', 'TEA', 1, 10)
        ) AS t("Name", "Email", "Created at", "Lineitem sku", "Lineitem quantity", "Lineitem price")""")
        rows = con.execute(f'SELECT order_id, customer_id, "at", product_id, source_line FROM ({query}) ORDER BY ALL')
        assert rows.fetchall() == [
            ("#1", "ann", "2024-01-05", "CUP", 1),
            ("#1", "ann", "2024-01-05", "CUP", 2),
            ("#1", "ann", "2024-01-05", "TEA", 1),
            ("#2", "bob", "2024-01-06", "TEA", 1),
        ]


@every_recipe
def test_a_recipe_makes_the_rows_written_by_hand(name: str, ingested: Ingested) -> None:
    folder = ingested(name).folder
    expected = {path.stem: _written(path) for path in EXPECTED.glob(f"{name}/*.csv")}
    assert set(expected) == {path.stem for path in folder.glob("*.parquet")}
    for table, (columns, rows) in expected.items():
        made = _made(folder / f"{table}.parquet")
        assert (table, columns) == (table, made[0])
        assert Counter(made[1]) == Counter(rows), table


@every_recipe
def test_every_reject_and_every_finding_of_a_recipe_is_explained(name: str, ingested: Ingested) -> None:
    result = ingested(name)
    outcome = tomllib.loads((EXPECTED / name / "outcome.toml").read_text(encoding="utf-8"))
    assert {table: dict(reasons) for table, reasons in result.rejects.items() if reasons} == outcome["rejects"]
    assert {finding.code for finding in result.findings} == set(outcome["findings"])


def _written(path: Path) -> tuple[list[str], list[tuple[str, ...]]]:
    with path.open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    return columns, [tuple(row) for row in rows]


def _made(path: Path) -> tuple[list[str], list[tuple[str, ...]]]:
    """Columns with a value, and the rows as text; blank is null, numbers have at most nine digits."""
    table = pl.read_parquet(path)
    table = table[[column.name for column in table if column.null_count() < len(table)]]
    return table.columns, [tuple(_text(value) for value in row) for row in table.iter_rows()]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.9g}" if isinstance(value, float) else str(value)
