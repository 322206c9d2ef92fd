"""Item histories: what each customer bought, order by order, and which products they looked at, as one text.

The text is JSON, newest first, so that it fits into a column of any table, a request and a notebook:
``{"orders": [{"days_ago": 3, "products": ["p1", "p2"]}], "views": [{"days_ago": 1, "product": "p9"}]}``.
``days_ago`` are whole days before ``as_of``, rounded down.
"""

import narwhals as nw
import polars as pl

from features.engines import Tables, on_polars
from features.windows import Frame, history

COLUMN = "item_history"
TABLES_READ = ("orders", "events")
MOST_ORDERS = 200
"""The newest orders of a customer that a history has, so that a reseller's does not fill the memory."""
MOST_VIEWS = 50
"""The products looked at last that it has."""

_ORDERS = pl.List(pl.Struct({"days_ago": pl.Int32, "products": pl.List(pl.String)}))
_VIEWS = pl.List(pl.Struct({"days_ago": pl.Int32, "product": pl.String}))
HISTORY = pl.Struct({"orders": _ORDERS, "views": _VIEWS})
"""The content of a text."""


def item_histories(tables: Tables, as_of: float, whose: Frame | None = None) -> pl.DataFrame:
    """[customer_id, item_history] of everybody who bought a product before ``as_of``, or of those in ``whose``.

    An order has each of its products once, by id; a returned product was bought all the same. Order lines without a
    product are left out, and so are customers who have no other. ``tables`` are those of ``features.entities.about``.
    """
    orders, views = _orders(_theirs(tables["orders"], whose), as_of), _views(tables, as_of, whose)
    both = orders.join(views, on="customer_id", how="left").with_columns(pl.col("views").fill_null(pl.lit([], _VIEWS)))
    text = pl.struct("orders", "views").struct.json_encode().alias(COLUMN)
    return both.select("customer_id", text).sort("customer_id")


def _theirs(table: Frame, whose: Frame | None) -> Frame:
    return table if whose is None else table.join(whose.select("customer_id"), on="customer_id", how="semi")


def _orders(orders: Frame, as_of: float) -> pl.DataFrame:
    """[customer_id, orders], newest first; of orders at the same moment, the greater id counts as the newer one."""
    sold = history(orders, as_of).filter(nw.col("kind") == "sale", ~nw.col("product_id").is_null())
    lines = on_polars(sold.select("customer_id", "order_id", "at_days", "product_id"))
    each = lines.group_by("customer_id", "order_id").agg(
        pl.col("at_days").min(), products=pl.col("product_id").unique().sort()
    )
    newest_first = each.sort("customer_id", "at_days", "order_id", descending=[False, True, True])
    return _listed(
        newest_first.with_columns(_days_ago(as_of)), "orders", ["days_ago", "products"], MOST_ORDERS, _ORDERS
    )


def _views(tables: Tables, as_of: float, whose: Frame | None) -> pl.DataFrame:
    """[customer_id, views], each product once, at the last time it was looked at."""
    if "events" not in tables:
        return pl.DataFrame(schema={"customer_id": pl.String, "views": _VIEWS})
    seen = history(_theirs(tables["events"], whose), as_of)
    seen = seen.filter(nw.col("kind") == "product_view", ~nw.col("product_id").is_null())
    rows = on_polars(seen.select("customer_id", "at_days", product="product_id"))
    last = rows.group_by("customer_id", "product").agg(pl.col("at_days").max())
    newest_first = last.sort("customer_id", "at_days", "product", descending=[False, True, False])
    return _listed(newest_first.with_columns(_days_ago(as_of)), "views", ["days_ago", "product"], MOST_VIEWS, _VIEWS)


def _days_ago(as_of: float) -> pl.Expr:
    return (as_of - pl.col("at_days")).floor().cast(pl.Int32).alias("days_ago")


def _listed(rows: pl.DataFrame, name: str, fields: list[str], most: int, kind: pl.List) -> pl.DataFrame:
    """[customer_id, ``name``]: the first ``most`` rows of each customer as a list of structs."""
    lists = rows.group_by("customer_id", maintain_order=True).agg(pl.struct(fields).head(most).alias(name))
    return lists.with_columns(pl.col(name).cast(kind))
