"""What both purchase tasks look at in the future."""

from typing import Any

import narwhals as nw

from features.engines import Tables
from features.windows import future


def buyers(tables: Tables, as_of: float, horizon_days: float, label: float) -> nw.LazyFrame[Any]:
    """``customer_id, label`` with one row a customer who has a sale in ``[as_of, as_of + horizon_days)``."""
    sales = future(tables["orders"], as_of, horizon_days).filter(nw.col("kind") == "sale")
    return sales.select("customer_id").unique().with_columns(label=nw.lit(label))
