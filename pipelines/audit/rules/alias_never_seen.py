"""A further id that no row of any other table carries."""

import duckdb

from pipelines.audit.finding import Found, rows_where
from pipelines.audit.returned import returned_columns

CODE = "identities.alias_never_seen"
TITLE = "Aliases under which nothing was ever done"
ADVICE = "Check that ids are written alike in identities and in the other tables: nothing is joined by these."
SEVERITY = "note"


def check(con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
    returned = returned_columns(con)
    others = [name for name, columns in returned.items() if "customer_id" in columns and name != table]
    # Looked up in the aliases, which are few, rather than the aliases in all rows.
    aliases = f"(SELECT alias_id FROM {table})"
    seen = " UNION ALL ".join(
        f"SELECT DISTINCT customer_id FROM {name} WHERE customer_id IN {aliases}" for name in sorted(others)
    )
    return rows_where(con, table, f"alias_id NOT IN ({seen})")
