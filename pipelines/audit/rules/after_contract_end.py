"""Sales more than 30 days after the end of the last contract of a customer who had one."""

import duckdb

from pipelines.audit.finding import Found, rows_where

CODE = "orders.after_contract_end"
TITLE = "Order lines after the customer's last contract ended"
ADVICE = (
    "Nothing needs doing if the shop sells without a contract too; otherwise look for contracts that were not exported."
)
SEVERITY = "note"
NEEDS = ("subscriptions.ended_at",)


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    ended = """(SELECT customer_id, max(ended_at) AS last_end FROM subscriptions WHERE reason IS NULL
        GROUP BY customer_id HAVING count(*) = count(ended_at))"""
    late = "reason IS NULL AND kind = 'sale' AND \"at\" > last_end + INTERVAL 30 DAY"
    return rows_where(con, f"({table} JOIN {ended} USING (customer_id))", late, show=("order_id", "at"))
