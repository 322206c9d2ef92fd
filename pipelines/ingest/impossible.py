"""Values that cannot be are emptied: a row that says when and what is worth keeping, whatever its meter said."""

import duckdb

# Table, column: what no such column can hold.
IMPOSSIBLE = {
    ("events", "duration_s"): "duration_s < 0",
    ("subscriptions", "price"): "price < 0",
    ("products", "price"): "price < 0",
    ("products", "unit_cost"): "unit_cost < 0",
    ("feedback", "score"): "(kind = 'nps' AND score NOT BETWEEN 0 AND 10) "
    "OR (kind IN ('csat', 'review') AND score NOT BETWEEN 1 AND 5)",
}


def empty_impossible(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    """Null such values of ``clean.<table>``; how many a column, as ``impossible_<column>_emptied``."""
    return {
        f"impossible_{column}_emptied": int(
            con.execute(f'UPDATE clean."{table}" SET "{column}" = NULL WHERE {never}').fetchall()[0][0]
        )
        for (of, column), never in IMPOSSIBLE.items()
        if of == table
    }
