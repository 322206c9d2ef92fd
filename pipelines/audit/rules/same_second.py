"""Dozens of customers act at exactly one second: times of a batch. Sending a campaign is one, and no finding."""

import duckdb

from pipelines.audit.clock import has_times
from pipelines.audit.finding import Found, examples_of
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
    seconds = f"""(SELECT "at", count(*) AS rows, count(DISTINCT customer_id) AS customers FROM (
        SELECT date_trunc('second', "at") AS "at", customer_id FROM {table} WHERE reason IS NULL AND {single})
        GROUP BY "at")"""
    many = f"customers >= greatest({CUSTOMERS_MIN}, {TIMES} * (SELECT avg(customers) FROM {seconds}))"
    rows = one_number(con, f"SELECT sum(rows) FROM {seconds} WHERE {many}")
    return Found(rows, examples_of(con, f"FROM {seconds} WHERE {many}", ("at",))) if rows else None
