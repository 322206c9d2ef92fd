"""Who moved between segments, and why: the customer changed, or the model did.

Every customer has three segments: by the old model with the old features, by the old model with today's, and by the new
model with today's. The first step is behaviour, the second the model; both are exact and add up to everybody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

NEWCOMER = ""
"""The segment of customers who were none yet at the first date."""
FLOWS = ("from", "by_behaviour", "to")


@dataclass(frozen=True)
class Totals:
    """How many of the ``customers`` at the second date are new, stayed in their segment, moved by their behaviour,
    moved by the model; those who moved both ways count in both.

    ``idle`` customers bought nothing in between, ``idle_movers`` of them moved by behaviour; None where purchases are
    not known.
    """

    customers: int
    new: int
    stayed: int
    moved_by_behaviour: int
    moved_by_model: int
    idle: int | None
    idle_movers: int | None


def flows(customers: pl.DataFrame) -> pl.DataFrame:
    """[from, by_behaviour, to, customers, idle, spend], one row a combination that somebody has, the largest first.

    ``customers`` [from, by_behaviour, to, idle, spend] has one row each: ids of segments (``NEWCOMER`` at first for new
    ones), whether they bought nothing in between, and their spend; the last two may be null where not known.
    """
    grouped = customers.group_by(FLOWS).agg(
        customers=pl.len().cast(pl.Int64),
        idle=_sum_unless_null("idle", pl.Int64),
        spend=_sum_unless_null("spend", pl.Float64),
    )
    return grouped.sort(["customers", *FLOWS], descending=[True, False, False, False])


def _sum_unless_null(name: str, dtype: type[pl.DataType]) -> pl.Expr:
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).cast(dtype).sum())


def totals(found: pl.DataFrame) -> Totals:
    """What the flows add up to."""

    def count(condition: pl.Expr, column: str = "customers") -> int:
        return int(found.filter(condition)[column].sum() or 0)

    new = pl.col("from") == NEWCOMER
    behaviour = ~new & (pl.col("from") != pl.col("by_behaviour"))
    known = found["idle"].is_not_null().any()
    return Totals(
        customers=count(pl.lit(True)),
        new=count(new),
        stayed=count(~new & (pl.col("from") == pl.col("to"))),
        moved_by_behaviour=count(behaviour),
        moved_by_model=count(pl.col("by_behaviour") != pl.col("to")),
        idle=count(~new, "idle") if known else None,
        idle_movers=count(behaviour, "idle") if known else None,
    )


def steps(found: pl.DataFrame, left: str, right: str) -> dict[tuple[str, str], int]:
    """Customers by (segment of the column ``left``, of ``right``)."""
    summed = found.group_by(left, right).agg(pl.col("customers").sum()).sort(left, right)
    return {(one, other): int(n) for one, other, n in summed.rows()}


def sizes(found: pl.DataFrame, column: str) -> dict[str, int]:
    """Customers by segment of one column."""
    summed = found.group_by(column).agg(pl.col("customers").sum()).sort(column)
    return {segment: int(n) for segment, n in summed.rows()}


def in_order(segments: Iterable[str], catalogue: Mapping[str, str]) -> list[str]:
    """Newcomers first, then segments as the ``catalogue`` (id to name) has them, then any others."""
    present = set(segments)
    known = [each for each in (NEWCOMER, *catalogue) if each in present]
    return [*known, *sorted(present.difference(known))]


def share(part: int, whole: int) -> float:
    """Part of the whole, in [0, 1]; nan of nobody.

    >>> share(1, 4)
    0.25
    """
    return part / whole if whole else float(np.nan)
