"""What each customer chose most often: one level of something, and how strongly."""

import narwhals as nw

from features.exact import rows_n
from features.windows import Frame


def favourites(rows: Frame, level: str, name: str) -> Frame:
    """One row a customer whose rows name a ``level``.

    customer_id, ``<name>`` (the level of most rows, of equals the alphabetically first), ``<name>_rows_n``,
    ``<name>_total_n`` (rows that name any level) and ``<name>_levels_n``.
    """
    named = rows.filter(~nw.col(level).is_null())
    return favourites_of(named.group_by("customer_id", level).agg(rows_n().alias("n")), level, name)


def favourites_of(counts: Frame, level: str, name: str, *further: nw.Expr) -> Frame:
    """The same of rows counted already: one row a customer and level, with ``n``; ``further`` are aggregates of it."""
    most = counts.with_columns(most=nw.col("n").max().over("customer_id"))
    return most.group_by("customer_id").agg(
        nw.when(nw.col("n") == nw.col("most")).then(nw.col(level)).min().alias(name),
        nw.col("n").max().alias(f"{name}_rows_n"),
        nw.col("n").sum().alias(f"{name}_total_n"),
        rows_n().alias(f"{name}_levels_n"),
        *further,
    )
