"""The draw: which customers a study learns from when there are more than its row budget allows.

Customers are drawn whole, with all their ids and everybody who ever worked for one of their companies, so that what is
computed from the drawn rows is what everybody's rows give, to the last bit. A group of such ids has a fixed position in
[0, 1), made of the seed and its root alone; those with the lowest positions are drawn. So every engine and every
contestant gets the same customers, and a larger budget adds to those of a smaller one. Nothing that happens at a cutoff
has a say in it: a draw among those who are still there at the test would be survivorship bias.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import polars as pl

from features.engines import Tables, counted
from features.executors.groups import moved_ids, with_root
from features.past import Who, acts, known_since, of_customers

BITS = 53
"""A position has as many bits as a float64 resolves in [0, 1)."""


@dataclass(frozen=True)
class Draw:
    """Who is drawn: the ids at positions below ``share``; everybody if it is 1.

    ``positions`` is [customer_id, position], one row an id that ever bought (or was ever known, if that is asked for)
    or that such an id depends on, sorted by customer_id.
    """

    share: float
    positions: pl.DataFrame

    def ids(self, share: float | None = None) -> pl.DataFrame:
        """[customer_id] of the drawn, sorted; or of those that another ``share`` would draw."""
        below = self.share if share is None else share
        return self.positions.filter(pl.col("position") < below).select("customer_id")


def draw(tables: Tables, cutoffs: Sequence[float], rows: int, seed: int, who: Who = "buyers") -> Draw:
    """The customers of at most ``rows`` rows, a row being a customer at one of the ``cutoffs`` they were known before.

    A customer is known by their first sale, or by the first row about them, as a snapshot's rows are. Ids that turn
    out to be one customer count apart, so there may be fewer rows, and more only where one group takes the draw from
    below half of the budget to above it. One pass over the orders.
    """
    known, moved = _first_known(tables, who), moved_ids(tables)
    tied = pl.concat([moved["customer_id"], moved["root"]]).unique().to_frame("customer_id")
    people = with_root(known.join(tied, on="customer_id", how="full", coalesce=True), moved)
    dated = people.with_columns(n=_cutoffs_after(people["known_days"], cutoffs))
    groups = dated.group_by("root").agg(pl.col("n").sum())
    placed = groups.with_columns(position=positions(groups["root"], seed)).sort("position", "root")
    everyone = people.join(placed, on="root").select("customer_id", "position").sort("customer_id")
    return Draw(_share(placed["n"].to_numpy(), placed["position"].to_numpy(), rows), everyone)


def positions(roots: pl.Series, seed: int) -> pl.Series:
    """The position of each root in [0, 1): the first bits of SHA-256 of the seed and the root."""
    digests = (hashlib.sha256(f"{seed}\n{root}".encode()).digest() for root in roots)
    return pl.Series([(int.from_bytes(each[:8]) >> (64 - BITS)) / 2**BITS for each in digests], dtype=pl.Float64)


def _first_known(tables: Tables, who: Who) -> pl.DataFrame:
    """[customer_id, known_days]: when the first sale, or the first row of any table, of each id was known."""
    rows = list(of_customers(tables).values()) if who == "known" else [acts(tables)]
    dated = [each.select("customer_id", known_days=known_since(each)).drop_nulls("known_days") for each in rows]
    firsts = [counted(each.group_by("customer_id").agg(nw.col("known_days").min())) for each in dated]
    return pl.concat(firsts).group_by("customer_id").agg(pl.col("known_days").min()).sort("customer_id")


def _cutoffs_after(known_days: pl.Series, cutoffs: Sequence[float]) -> pl.Series:
    """How many cutoffs are later than each moment; none for null."""
    later = len(cutoffs) - np.searchsorted(np.sort(cutoffs), known_days.fill_null(np.inf).to_numpy(), side="right")
    return pl.Series(later, dtype=pl.Int64)


def _share(n: np.ndarray, position: np.ndarray, rows: int) -> float:
    """The position of the first group that is not drawn; 1.0 if all are. ``n`` are rows, by ascending position."""
    total = n.cumsum()
    drawn = int(np.searchsorted(total, rows, side="right"))
    if drawn < len(n) and (total[drawn] - n[drawn]) * 2 < rows:
        drawn += 1
    return float(position[drawn]) if drawn < len(n) else 1.0
