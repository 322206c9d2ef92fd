"""Equal lines of one order, all of quantity 1: a till that writes one row a unit, rather than an export run twice.

Lines of an export that ran twice have the quantities of all others. These have 1 only, more often than chance allows.
"""

import duckdb

from pipelines.audit.finding import Found

CODE = "orders.one_row_a_unit"
TITLE = "Equal lines of one order that may be several units"
ADVICE = (
    'Set repeated_lines = "units" in source.toml if each line is one unit, or return a line number as source_line; '
    "otherwise one of each stays."
)
SEVERITY = "error"
CHANCE = 0.01


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    copies = f"""SELECT count(*) AS n, any_value(quantity) AS quantity FROM {table}
        WHERE reason IS NULL GROUP BY fingerprint HAVING count(*) > 1"""
    units, repeats, repeated = con.execute(
        f"SELECT coalesce(bool_and(quantity = 1), false), sum(n - 1), count(*) FROM ({copies})"
    ).fetchall()[0]
    if not units:
        return None
    usual = con.execute(f"SELECT avg(CAST(quantity = 1 AS INTEGER)) FROM {table} WHERE reason IS NULL").fetchall()[0][0]
    return Found(int(repeats)) if usual == 1 or usual**repeated < CHANCE else None
