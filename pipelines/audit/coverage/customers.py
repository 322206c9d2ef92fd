"""Every customer once, aliases resolved, and what each of them has: what shares are counted of."""

from collections.abc import Sequence

import duckdb

from features.past import acting_table
from features.tables import CUSTOMERS, KNOWLEDGE_TIMES, MENTIONS, TABLES
from pipelines.audit.returned import Returned

# When a row was known, what ingest matched it with, and who else is named says nothing about a customer.
UNASKED = frozenset({*KNOWLEDGE_TIMES, *MENTIONS, "original_order_id"})
TENURE_DAYS = (90, 365)
GROUPINGS = ("acquisition_channel", "country", "tenure")
BEHAVIOUR = tuple(name for name, spec in TABLES.items() if spec.time)


def optional_columns(returned: Returned, table: str) -> tuple[str, ...]:
    """Columns of a table that the source returns, may be blank, and say something: in contract order, then extras."""
    spec = TABLES[table]
    known = [column.name for column in spec.columns if column.nullable and column.name not in UNASKED]
    extra = sorted(name for name in returned[table] if spec.is_extra(name))
    return tuple(name for name in known if name in returned[table]) + tuple(extra)


def protected_columns(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Columns of customers by which nobody should be judged: by the contract, or because the source declares it."""
    stored = [str(name) for (name, *_) in con.execute("DESCRIBE clean.customers").fetchall()]
    return frozenset(CUSTOMERS.made_of(name) for name in stored if CUSTOMERS.is_protected(name))


def make_customers(con: duckdb.DuckDBPyConnection, returned: Returned) -> None:
    """Write ``coverage.customers``: every customer once, with the groups of :data:`GROUPINGS` (null: unknown).

    Customers are those with a profile or an order; in a source without orders, with an event, else with a contract.
    """
    acting = acting_table(returned)
    _make_resolved(con, [table for table in BEHAVIOUR if table in returned], "identities" in returned)
    _make_profiles(con, returned)
    channel, country = (
        name if name in returned.get("customers", ()) else f"CAST(NULL AS VARCHAR) AS {name}" for name in GROUPINGS[:2]
    )
    new, old = TENURE_DAYS
    con.execute(
        f"""CREATE OR REPLACE TABLE coverage.customers AS
        WITH seen AS (SELECT customer_id, min("at") AS since FROM coverage.{acting} GROUP BY customer_id),
        present AS (SELECT max("at") AS present FROM coverage.{acting}),
        tenured AS (SELECT customer_id, date_diff('day', since, present) AS days FROM seen, present)
        SELECT customer_id, {channel}, {country},
            CASE WHEN days < {new} THEN 'under {new} days' WHEN days < {old} THEN '{new} to {old - 1} days'
                 WHEN days >= {old} THEN '{old} days and more' ELSE 'never {"bought" if acting == "orders" else "seen"}'
            END AS tenure
        FROM tenured FULL JOIN coverage.profiles USING (customer_id)"""
    )


def _make_resolved(con: duckdb.DuckDBPyConnection, tables: Sequence[str], aliases: bool) -> None:
    """``coverage.<table>``: cleaned rows under the id of the customer; a corrected row counts once, as it stands."""
    if aliases:
        con.execute(
            """CREATE OR REPLACE VIEW coverage.identities AS SELECT * FROM clean.identities
            QUALIFY row_number() OVER (PARTITION BY alias_id ORDER BY known_at DESC NULLS LAST) = 1"""
        )
    for table in tables:
        time = TABLES[table].time
        moment = "" if time == "at" else f', "{time}" AS "at"'
        owner = "coalesce(identities.customer_id, rows.customer_id)" if aliases else "rows.customer_id"
        joined = "LEFT JOIN coverage.identities AS identities ON rows.customer_id = alias_id" if aliases else ""
        con.execute(
            f"""CREATE OR REPLACE VIEW coverage.{table} AS
            SELECT rows.* REPLACE ({owner} AS customer_id){moment} FROM clean.{table} AS rows {joined}
            WHERE rows.replaced_at IS NULL"""
        )


def _make_profiles(con: duckdb.DuckDBPyConnection, returned: Returned) -> None:
    newest = "row_number() OVER (PARTITION BY customer_id ORDER BY known_at DESC NULLS LAST) = 1"
    query = (
        f"SELECT * FROM clean.customers QUALIFY {newest}"
        if "customers" in returned
        else "SELECT '' AS customer_id LIMIT 0"
    )
    con.execute(f"CREATE OR REPLACE VIEW coverage.profiles AS {query}")


def make_filled(con: duckdb.DuckDBPyConnection, returned: Returned, table: str) -> tuple[str, ...]:
    """Write ``coverage.filled``: a customer a row, true where they have a value of the column; returns the columns.

    The column ``*`` says that they have any row at all.
    """
    columns = optional_columns(returned, table)
    rows = "coverage.profiles" if table == "customers" else f"coverage.{table}"
    values = [f'bool_or("{name}" IS NOT NULL) AS "{name}"' for name in columns]
    con.execute(
        f"""CREATE OR REPLACE TABLE coverage.filled AS
        SELECT {", ".join(["customer_id", 'true AS "*"', *values])} FROM {rows} GROUP BY customer_id"""
    )
    return columns
