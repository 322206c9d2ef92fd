"""Customers in parts: each part's snapshot needs only the memory of its own rows, and together they are the whole.

A part is a range of customer ids, so that of a table sorted by customer only that range is read. Ids whose features
depend on each other are in the same part: all ids of a customer, and all who ever worked for one company.
"""

from dataclasses import dataclass

import narwhals as nw
import polars as pl

from features.engines import Tables, beside, counted
from features.entities import of_customers
from features.exact import rows_n
from features.executors.groups import moved_ids, with_root
from features.windows import Frame

ROWS = 2_000_000
"""About how many rows of all tables a part has: under 2 GB on Polars with every family."""


@dataclass(frozen=True)
class Parts:
    """Ranges ``[bounds[k], bounds[k + 1])`` of ids; None is open. ``moved`` ids are in the part of their ``root``."""

    bounds: tuple[str | None, ...]
    moved: pl.DataFrame

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def of(self, tables: Tables, part: int) -> Tables:
        """The tables with the rows of one part's customers only; tables without customers (products) stay whole."""
        low, high = self.bounds[part : part + 2]
        if low is None and high is None:
            return tables
        here = pl.lit(value=True) if low is None else pl.col("root") >= low
        come = self.moved.filter(here if high is None else here & (pl.col("root") < high)).select("customer_id")
        whose = of_customers(tables)
        return {name: self._own(table, low, high, come) if name in whose else table for name, table in tables.items()}

    def _own(self, table: Frame, low: str | None, high: str | None, come: pl.DataFrame) -> Frame:
        inside = table
        if low is not None:
            inside = inside.filter(nw.col("customer_id") >= low)
        if high is not None:
            inside = inside.filter(nw.col("customer_id") < high)
        if self.moved.height == 0:
            return inside
        stay = inside.join(beside(table, self.moved.select("customer_id")), on="customer_id", how="anti")
        return nw.concat([stay, table.join(beside(table, come), on="customer_id", how="semi")])


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
