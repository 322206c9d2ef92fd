"""Many products have lines at the same factor above their usual price: another currency, or prices with tax."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.second_price_level"
TITLE = "Prices at one constant factor above the usual"
ADVICE = (
    "Look whether these lines are in another currency, or with tax where the others are without; convert them in "
    "orders.sql."
)
NEEDS = ("product_id",)
LINES_MIN = 5
PRODUCTS_MIN = 5
ROWS_MIN = 20
SHARE = 0.6
# Below 8% it may be inflation; above twenty times it is an outlier of its own.
LOWEST, HIGHEST = 1.08, 20
STEP = 0.01


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    product = "PARTITION BY product_id"
    lines = f"""(SELECT order_id, product_id, unit_price, unit_price / median(unit_price) OVER ({product}) AS factor,
            count(*) OVER ({product}) AS lines
        FROM {table} WHERE unit_price > 0 AND reason IS NULL)"""
    levels = f"""SELECT round(ln(factor) / {STEP}) AS level, count(*) AS n, count(DISTINCT product_id) AS products
        FROM {lines} WHERE lines >= {LINES_MIN} AND factor BETWEEN {LOWEST} AND {HIGHEST}
        GROUP BY level ORDER BY level"""
    return _level_of(con, lines, con.execute(levels).fetchall())


def _level_of(con: duckdb.DuckDBPyConnection, lines: str, levels: list[tuple[float, int, int]]) -> Found | None:
    """The level with the most lines, if it stands out: many products, and most of all lines above the usual."""
    all_lines = sum(n for _, n, _ in levels)
    level, n, products = max(levels, key=lambda level: level[1], default=(0.0, 0, 0))
    around = sum(m for other, m, _ in levels if abs(other - level) <= 1)
    if products < PRODUCTS_MIN or n < ROWS_MIN or around < SHARE * all_lines:
        return None
    near = f"lines >= {LINES_MIN} AND abs(ln(factor) / {STEP} - {level}) <= 1.5 AND factor >= {LOWEST}"
    return rows_where(con, lines, near, show=("order_id", "product_id", "unit_price"))
