"""Ids that tables share: a profile or a product is of use only under the id that orders know it by."""

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from pipelines.guesses.look import RawColumn, RawTable
from pipelines.guesses.mapping import Filled, Match
from pipelines.sql import identifier

SHARED = {"customer_id": "customers", "product_id": "products"}
"""Ids by which orders (or events) are joined with the table that describes them."""
COMPARED = 1000
"""Different ids of the orders that are looked for."""
BY_ORDERS = "its values, which orders have too"
UNKNOWN = "its name, but orders have none of its values"


def reconcile(con: duckdb.DuckDBPyConnection, filled: Sequence[Filled]) -> list[Filled]:
    """The same tables, where another column than the guessed one has the ids that orders have."""
    facts = next((each for each in filled if each.table in {"orders", "events"}), None)
    if facts is None:
        return list(filled)
    return [each if each is facts else _doubted(con, _reconciled(con, each, facts), facts) for each in filled]


def _doubted(con: duckdb.DuckDBPyConnection, other: Filled, facts: Filled) -> Filled:
    """Marks a customer id that no order has: nothing would join what these customers did."""
    asked, match = _place(facts, "customer_id"), other.matches.get("customer_id")
    if asked is None or match is None or _shared_n(con, asked, (other.raw, match.column)):
        return other
    return replace(other, matches={**other.matches, "customer_id": replace(match, by=UNKNOWN)})


def _reconciled(con: duckdb.DuckDBPyConnection, described: Filled, facts: Filled) -> Filled:
    for name, table in SHARED.items():
        asked = _place(facts, name)
        if described.table != table or asked is None:
            continue
        shared = {
            column.name: _shared_n(con, asked, (described.raw, column))
            for column in described.raw.columns
            if column.content.filled and not column.content.times
        }
        best = max(shared, key=lambda each: shared[each])
        if shared[best] > 2 * shared.get(described.matches[name].column.name, 0):
            column = next(each for each in described.raw.columns if each.name == best)
            others = {key: match for key, match in described.matches.items() if match.column.name != best}
            return replace(described, matches={**others, name: Match(column, BY_ORDERS, 1)})
    return described


def _place(facts: Filled, name: str) -> tuple[RawTable, RawColumn] | None:
    """The raw table and column that the id of the facts comes from."""
    if facts.header is not None and name in facts.header[1] and name == "customer_id":
        return facts.header[0], facts.header[1][name].column
    return (facts.raw, facts.matches[name].column) if name in facts.matches else None


def _shared_n(
    con: duckdb.DuckDBPyConnection, asked: tuple[RawTable, RawColumn], there: tuple[RawTable, RawColumn]
) -> int:
    """How many of the first different ids of one column stand in the other."""
    one, other = (
        f"SELECT lower(trim(CAST({column.sql} AS VARCHAR))) AS id FROM raw.{identifier(table.alias)}"
        for table, column in (asked, there)
    )
    ids = f"SELECT DISTINCT id FROM ({one}) WHERE id <> '' LIMIT {COMPARED}"
    return int(con.execute(f"SELECT count(*) FROM ({ids}) WHERE id IN ({other})").fetchall()[0][0])
