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
    seen = " UNION ALL ".join(
        f"SELECT customer_id FROM {name} WHERE customer_id IS NOT NULL" for name in sorted(others)
    )
    return rows_where(con, table, f"alias_id NOT IN ({seen})")
