"""Lines whose price times quantity is out of all proportion, though each alone may pass."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.outlying_amount"
TITLE = "Order lines with an amount a thousand times the usual"
ADVICE = "Look at the examples: a quantity in grams, a price of the whole line, or a lost decimal point."
LINES_MIN = 20
TIMES = 1000
NEVER = 1e9


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    amount = "abs(quantity) * unit_price"
    usual, lines = con.execute(
        f"SELECT median({amount}), count({amount}) FROM {table} WHERE unit_price > 0 AND NOT not_product"
    ).fetchall()[0]
    bound = TIMES * usual if usual and lines >= LINES_MIN else NEVER
    far = f"NOT not_product AND {amount} > {min(bound, NEVER)}"
    return rows_where(con, table, far, show=("order_id", "product_id", "quantity", "unit_price"))
