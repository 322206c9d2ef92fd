"""Customers in parts: each part's snapshot needs only the memory of its own rows, and together they are the whole.

A part is a range of customer ids, so that of a table sorted by customer only that range is read. Ids whose features
depend on each other are in the same part: all ids of a customer, and all who ever worked for one company.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import narwhals as nw
import polars as pl

from features.engines import Tables, beside, counted, on_polars
from features.exact import rows_n
from features.executors.groups import moved_ids, with_root
from features.past import of_customers
from features.windows import Frame

ROWS = 2_000_000
"""About how many rows of all tables a part has: about 1 GB on Polars with every family, whatever the shop's size."""


@dataclass(frozen=True)
class Parts:
    """Ranges ``[bounds[k], bounds[k + 1])`` of ids; None is open. ``moved`` ids are in the part of their ``root``."""

    bounds: tuple[str | None, ...]
    moved: pl.DataFrame

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def moved_to(self) -> pl.DataFrame:
        """[customer_id, part] of the moved ids."""
        starts = pl.Series(self.bounds[1:-1], dtype=pl.String)
        part = pl.Series(starts.search_sorted(self.moved["root"], side="right"), dtype=pl.Int64)
        return self.moved.select("customer_id", part=part)

    def of(self, tables: Tables, part: int, came: Mapping[str, pl.DataFrame] | None = None) -> Tables:
        """The tables with the rows of one part's customers only; tables without customers (products) stay whole.

        ``came`` are the rows of the ids that were moved to this part, by table; None searches all rows for them.
        """
        low, high = self.bounds[part : part + 2]
        if low is None and high is None:
            return tables
        whose = of_customers(tables)
        if came is None:
            came = self._search(whose, part)
        stay = {name: self._stay(table, low, high) for name, table in whose.items()}
        joined = {name: nw.concat([own, beside(own, came[name])]) for name, own in stay.items() if name in came}
        return {**tables, **stay, **joined}

    def _stay(self, table: Frame, low: str | None, high: str | None) -> Frame:
        """Rows of ids in the range that were not moved."""
        if low is not None:
            table = table.filter(nw.col("customer_id") >= low)
        if high is not None:
            table = table.filter(nw.col("customer_id") < high)
        if self.moved.height == 0:
            return table
        return table.join(beside(table, self.moved.select("customer_id")), on="customer_id", how="anti")

    def _search(self, whose: Tables, part: int) -> dict[str, pl.DataFrame]:
        ids = self.moved_to.filter(pl.col("part") == part).select("customer_id")
        return {
            name: on_polars(table.join(beside(table, ids), on="customer_id", how="semi"))
            for name, table in (whose.items() if ids.height else ())
        }


def parts_of(tables: Tables, rows: int = ROWS) -> Parts:
    """Parts of about ``rows`` rows each; equal tables give equal parts on any engine."""
    moved = moved_ids(tables)
    sizes = pl.concat([_rows_a_customer(table) for table in of_customers(tables).values()])
    sizes = with_root(sizes, moved).group_by("root").agg(pl.col("n").sum()).sort("root")
    number = (sizes["n"].cum_sum() - sizes["n"]) // rows
    starts = sizes["root"].filter(number > number.shift(1)).to_list()
    return Parts((None, *starts, None), moved)


def _rows_a_customer(table: Frame) -> pl.DataFrame:
    return counted(table.group_by("customer_id").agg(rows_n().alias("n")))
