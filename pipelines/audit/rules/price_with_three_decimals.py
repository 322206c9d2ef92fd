"""A month in which every price is text with exactly three digits after a dot: 1.007 that may mean 1007."""

import duckdb

from pipelines.audit.finding import Found, sum_where

CODE = "orders.price_with_three_decimals"
TITLE = "Prices that all have exactly three digits after a dot"
ADVICE = (
    'Set decimal = "," under [csv] in source.toml if the dot stands between thousands; leave it where prices have '
    "three decimals, as in dinars."
)
LINES_MIN = 20


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    priced = "unit_price IS NOT NULL AND typeof(returned_unit_price) = 'VARCHAR'"
    with_three = r"regexp_full_match(trim(CAST(returned_unit_price AS VARCHAR)), '\d{1,3}\.\d{3}')"
    # A file is usually a month, or several.
    months = f"""(SELECT count(*) AS lines, count(*) FILTER ({with_three}) AS with_three FROM {table}
        WHERE {priced} GROUP BY date_trunc('month', "at"))"""
    return sum_where(con, months, f"lines >= {LINES_MIN} AND with_three = lines", "lines")
