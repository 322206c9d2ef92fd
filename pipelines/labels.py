"""Features of before a cutoff beside what happened after it: the rows a model learns from."""

from collections.abc import Callable

import narwhals as nw

from features.engines import Tables
from features.windows import Frame

Label = Callable[[Tables, float], Frame]
"""``label(tables, as_of)`` gives [customer_id, label], at most one row a customer."""


def labelled(
    features: Frame, tables: Tables, as_of: float, label: Label, missing_label: float, eligible: nw.Expr | None
) -> Frame:
    """customer_id, as_of, label and the ``features`` of those who are eligible, at one cutoff; rows in no order.

    ``eligible`` is an expression of features; rows where it is false or null are left out. A customer for whom
    ``label`` has no row gets ``missing_label``.
    """
    names = [name for name in features.collect_schema().names() if name != "customer_id"]
    if eligible is not None:
        features = features.filter(eligible)
    labels = label(tables, as_of).select("customer_id", nw.col("label").cast(nw.Float64))
    joined = features.join(labels, on="customer_id", how="left")
    return joined.with_columns(as_of=nw.lit(as_of), label=nw.col("label").fill_null(missing_label)).select(
        "customer_id", "as_of", "label", *names
    )
