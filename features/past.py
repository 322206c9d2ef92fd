"""What families look at: the tables after the one cut, and the sales they all count from."""

from dataclasses import dataclass

import narwhals as nw

from features.engines import Tables
from features.exact import rows_n, ticks
from features.windows import Frame, history


@dataclass(frozen=True)
class Past:
    """Everything known before ``as_of``. No family sees more than this.

    ``tables`` are the canonical tables after the cut. ``sales`` and ``returns`` are order lines with ``day``
    (whole, floor of ``at_days``), ``amount_ticks`` and ``discount_ticks`` (whole ticks); quantities stay as they are.
    ``orders`` is one row a sale order: customer_id, order_id, ``at_days`` of its first and ``last_at_days`` of its
    last line, ``lines_n``, ``units_milli`` (whole thousandths), ``amount_ticks``, ``discount_ticks``.
    ``days`` is one row a customer and purchase day: customer_id, day.
    """

    tables: Tables
    sales: Frame
    returns: Frame
    orders: Frame
    days: Frame


def look_back(tables: Tables, as_of: float) -> Past:
    """Cut every table at ``as_of``, once, and derive what families share."""
    cut = {name: history(table, as_of) for name, table in tables.items()}
    lines = _with_amounts(cut["orders"])
    sales = lines.filter(nw.col("kind") == "sale")
    return Past(
        tables=cut,
        sales=sales,
        returns=lines.filter(nw.col("kind") == "return"),
        orders=_orders(sales),
        days=sales.select("customer_id", "day").unique(),
    )


def _with_amounts(lines: Frame) -> Frame:
    discount = nw.col("discount").fill_null(0.0)
    return lines.with_columns(
        day=nw.col("at_days").floor(),
        amount_ticks=ticks(nw.col("quantity") * nw.col("unit_price") - discount),
        discount_ticks=ticks(discount),
        units_milli=(nw.col("quantity") * 1000 + 0.5).floor(),
    )


def _orders(sales: Frame) -> Frame:
    return sales.group_by("customer_id", "order_id").agg(
        nw.col("at_days").min(),
        nw.col("at_days").max().alias("last_at_days"),
        rows_n().alias("lines_n"),
        nw.col("units_milli", "amount_ticks", "discount_ticks").sum(),
    )
