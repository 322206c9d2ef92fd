"""Customer ids that differ only in case, spaces, leading zeros or a trailing ``.0``: one customer counts as several."""

import duckdb

from pipelines.audit.finding import Found
from pipelines.audit.returned import returned_columns
from pipelines.sql import one_number

CODE = "any.customer_ids_alike"
TITLE = "Customers whose id is written in several ways"
ADVICE = (
    "If they are one customer, write their id alike in the SQL of every table, for example as "
    r"regexp_replace(lower(replace(customer_id, ' ', '')), '^0+|\.0+$', '', 'g')."
)
TABLES = ("customers", "orders", "events", "touches", "feedback", "subscriptions")
NUMBER = r"[0-9]+(\.0+)?"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    tables = returned_columns(con)
    ids = f"SELECT customer_id FROM {table}"
    if table != "customers" and "customers" in tables:
        here = f"SELECT {_plain('customer_id')} FROM (SELECT DISTINCT customer_id FROM {table})"
        ids += f" UNION ALL SELECT customer_id FROM customers WHERE {_plain('customer_id')} IN ({here})"
    linked = "SELECT alias_id FROM identities WHERE alias_id IS NOT NULL" if "identities" in tables else "SELECT NULL"
    written = f"SELECT DISTINCT customer_id FROM ({ids}) ANTI JOIN ({linked}) AS linked(id) ON customer_id = id"
    alike = f"SELECT 1 FROM ({written}) WHERE customer_id <> '' GROUP BY {_plain('customer_id')} HAVING count(*) > 1"
    several = one_number(con, f"SELECT count(*) FROM ({alike})")
    return Found(several) if several else None


def _plain(id_: str) -> str:
    """The id as one would compare it by eye."""
    close = f"lower(replace(replace({id_}, ' ', ''), chr(160), ''))"
    number = f"ltrim(split_part({close}, '.', 1), '0')"
    return f"CASE WHEN regexp_full_match({close}, '{NUMBER}') THEN {number} ELSE {close} END"
