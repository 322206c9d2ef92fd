"""What each customer chose most often among several levels (channels, features), and how often."""

import narwhals as nw

from features.exact import rows_n
from features.windows import Frame


def favourites(counts: Frame, level: str, name: str, *further: nw.Expr) -> Frame:
    """One row a customer, from ``counts``: one row a customer and level, chosen ``n`` times.

    customer_id, ``<name>`` (the level chosen most, of equals the alphabetically first), ``<name>_rows_n`` (its ``n``),
    ``<name>_total_n`` (the sum of all ``n``), ``<name>_levels_n``, and ``further`` aggregates.
    """
    most = counts.with_columns(most=nw.col("n").max().over("customer_id"))
    return most.group_by("customer_id").agg(
        nw.when(nw.col("n") == nw.col("most")).then(nw.col(level)).min().alias(name),
        nw.col("n").max().alias(f"{name}_rows_n"),
        nw.col("n").sum().alias(f"{name}_total_n"),
        rows_n().alias(f"{name}_levels_n"),
        *further,
    )
