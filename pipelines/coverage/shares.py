"""Shares: how many customers have something, and which groups of them lack it."""

from typing import Any

import duckdb

from pipelines.audit.profile import Given
from pipelines.coverage.population import GROUPINGS, make_held

# A group of fewer is somebody rather than a group.
GROUP_MIN = 10
GROUPS_SHOWN = 5


def shares_of(con: duckdb.DuckDBPyConnection, given: Given, table: str) -> dict[str, dict[str, Any]]:
    """``{column: {"have": share of customers, "lacking": {grouping: [groups that lack it most]}}}``; ``*``: any row.

    Groups of fewer than ten customers are not told, nor the rest a single hidden group would be the difference to.
    """
    columns = ("*", *make_held(con, given, table))
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
    known = f'WHERE people."{grouping}" IS NOT NULL'
    large = f"GROUP BY ALL HAVING count(*) >= {GROUP_MIN} ORDER BY ALL"
    rows = _query(con, columns, f'people."{grouping}"', f"{known} {large}")
    return rows if len(rows) > 1 else []


def _query(con: duckdb.DuckDBPyConnection, columns: tuple[str, ...], group: str, tail: str) -> list[tuple[Any, ...]]:
    counts = ", ".join(f'count(*) FILTER (held."{column}")' for column in columns)
    return con.execute(
        f"""SELECT {group} AS told, count(*), {counts}
        FROM coverage.people LEFT JOIN coverage.held AS held USING (customer_id) {tail}"""
    ).fetchall()


def _most_lacking(groups: list[tuple[str, int, int]]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = [
        {"group": group, "customers": n, "missing": _share(n - have, n)} for group, n, have in groups
    ]
    return sorted(told, key=lambda group: (-group["missing"], group["group"]))[:GROUPS_SHOWN]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
