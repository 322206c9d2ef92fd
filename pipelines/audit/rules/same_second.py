"""Dozens of customers act at exactly one second: times of a batch. Sending a campaign is one, and no finding."""

import duckdb

from pipelines.audit.clock import has_times
from pipelines.audit.finding import Found, sum_where
from pipelines.sql import one_number

CODE = "any.same_second"
TITLE = "Rows of many customers at one second"
ADVICE = (
    "Find the process that wrote them at once and map the time at which things happened, not at which they were stored."
)
TABLES = ("orders", "events", "touches", "feedback")
CUSTOMERS_MIN = 25
TIMES = 20


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    if not has_times(con, table):
        return None
    single = "kind <> 'sent'" if table == "touches" else "true"
    second = "date_trunc('second', \"at\")"
    acts = f"FROM {table} WHERE reason IS NULL AND {single}"
    # Counting customers is expensive, counting rows is not, and no second has more customers than rows.
    seconds = f"SELECT {second} AS second, count(*) AS rows {acts} GROUP BY second"
    n, rows, most = con.execute(f"SELECT count(*), sum(rows), max(rows) FROM ({seconds})").fetchall()[0]
    if (most or 0) < CUSTOMERS_MIN:
        return None
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE busy AS
        SELECT {second} AS "at", count(*) AS rows, count(DISTINCT customer_id) AS customers {acts}
        AND {second} IN (SELECT second FROM ({seconds}) WHERE rows >= {CUSTOMERS_MIN})
        GROUP BY {second} HAVING customers >= {CUSTOMERS_MIN}"""
    )
    fewest = one_number(con, "SELECT min(customers) FROM busy")
    # The mean is at most the rows a second; only if that does not decide about every busy second, it is computed.
    usual = rows / n
    if 0 < fewest < TIMES * usual:
        usual = one_number(con, f"SELECT count(*) FROM (SELECT DISTINCT {second}, customer_id {acts})") / n
    return sum_where(con, "busy", f"customers >= {TIMES} * CAST({usual!r} AS DOUBLE)", "rows", show=("at",))
