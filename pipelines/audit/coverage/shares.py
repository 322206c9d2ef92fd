"""Shares: how many customers have something, and which groups of them lack it."""

from typing import Any

import duckdb

from pipelines.audit.coverage.customers import GROUPINGS, make_filled
from pipelines.audit.returned import Returned

# A smaller group would say something about its members.
GROUP_MIN = 10
GROUPS_SHOWN = 5


def shares_of(con: duckdb.DuckDBPyConnection, returned: Returned, table: str) -> dict[str, dict[str, Any]]:
    """``{column: {"have": share of customers, "lacking": {grouping: [groups that lack it most]}}}``; ``*``: any row.

    Groups of fewer than ten customers are left out, and so is the rest if it would reveal a single hidden group.
    """
    columns = ("*", *make_filled(con, returned, table))
    groups = {grouping: _by_group(con, grouping, columns) for grouping in GROUPINGS}
    overall = _query(con, columns, "NULL", "")[0]
    return {
        column: {
            "have": _share(overall[2 + place], overall[1]),
            "lacking": {
                grouping: _most_lacking([(row[0], row[1], row[2 + place]) for row in rows])
                for grouping, rows in groups.items()
                if rows
            },
        }
        for place, column in enumerate(columns)
    }


def _by_group(con: duckdb.DuckDBPyConnection, grouping: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    known = f'WHERE customers."{grouping}" IS NOT NULL'
    large = f"GROUP BY ALL HAVING count(*) >= {GROUP_MIN} ORDER BY ALL"
    rows = _query(con, columns, f'customers."{grouping}"', f"{known} {large}")
    return rows if len(rows) > 1 else []


def _query(con: duckdb.DuckDBPyConnection, columns: tuple[str, ...], group: str, tail: str) -> list[tuple[Any, ...]]:
    counts = ", ".join(f'count(*) FILTER (filled."{column}")' for column in columns)
    return con.execute(
        f"""SELECT {group} AS group_name, count(*), {counts}
        FROM coverage.customers AS customers LEFT JOIN coverage.filled AS filled USING (customer_id) {tail}"""
    ).fetchall()


def _most_lacking(groups: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
    shares: list[dict[str, Any]] = [
        {"group": group, "customers": n, "missing": _share(n - have, n)} for group, n, have in groups
    ]
    return sorted(shares, key=lambda group: (-group["missing"], group["group"]))[:GROUPS_SHOWN]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
