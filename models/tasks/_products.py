"""What was bought next: the products of a horizon, or of the first order in it."""

from typing import Literal

import narwhals as nw
import polars as pl

from features.engines import Tables, on_polars
from models.tasks import NEXT_ITEMS
from models.tasks._orders import future_sales

Wanted = Literal["horizon", "next_order"]


def next_items(tables: Tables, as_of: float, horizon_days: float, wanted: Wanted) -> pl.DataFrame:
    """[customer_id, next_items, label]: distinct products sold in ``[as_of, as_of + horizon_days)``, as a JSON list by
    id, and their number; of ``next_order``, only those of the first order in it. No row for who bought none.

    Of orders at the same moment the smaller id is the first.
    """
    sold = future_sales(tables, as_of, horizon_days).filter(~nw.col("product_id").is_null())
    lines = on_polars(sold.select("customer_id", "order_id", "at_days", "product_id"))
    if wanted == "next_order":
        begun = lines.group_by("customer_id", "order_id").agg(pl.col("at_days").min()).sort("at_days", "order_id")
        lines = lines.join(begun.group_by("customer_id").first(), on=["customer_id", "order_id"], how="semi")
    items = lines.group_by("customer_id").agg(items=pl.col("product_id").unique().sort()).sort("customer_id")
    label = pl.col("items").list.len().cast(pl.Float64).alias("label")
    text = pl.struct("items").struct.json_encode().alias(NEXT_ITEMS)
    return items.select("customer_id", text, label)
