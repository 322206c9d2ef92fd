"""Two rows for one competitor, period and cell of the market: sums over cells count both."""

import duckdb

from features.tables import MARKET
from pipelines.audit.finding import Found
from pipelines.audit.returned import returned_columns
from pipelines.sql import listed, one_number

CODE = "market.cell_twice"
TITLE = "Market figures given twice for one period, competitor and cell"
ADVICE = "Return one row a cell, and every column that tells cells apart as cell_..."


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    returned = returned_columns(con)[table]
    cell = [name for name in sorted(returned) if name in MARKET.key or MARKET.is_extra(name)]
    groups = f"SELECT count(DISTINCT fingerprint) AS n FROM {table} WHERE reason IS NULL GROUP BY {listed(cell)}"
    surplus = one_number(con, f"SELECT sum(n - 1) FROM ({groups})")
    return Found(surplus) if surplus else None
