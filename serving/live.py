"""Features of customers whose history came with the request: the batch's ``snapshot``, planned once, on their rows."""

from collections.abc import Collection
from datetime import datetime

import pandas as pd
import polars as pl

from features.errors import BadInput
from features.families import tables_of
from features.indicators import split, with_indicators
from features.sentiment import sentiment
from features.snapshot import feature_names, live_snapshot
from features.tables import TABLES, Column
from features.windows import to_datetime, to_days
from serving.bundle import Bundle, iso
from serving.guard import Refused
from serving.payload import CARRIED, CustomerHistory

TYPES: dict[str, pl.DataType] = {
    "str": pl.String(),
    "float": pl.Float64(),
    "int": pl.Int64(),
    "bool": pl.Boolean(),
    "time": pl.Datetime("us"),
    "date": pl.Date(),
}


def live_features(
    bundle: Bundle, customers: list[CustomerHistory], as_of: datetime | None
) -> tuple[pd.DataFrame, float]:
    """[customer_id, *features] of the customers with a sale before ``as_of``, in the order asked; and that ``as_of``.

    Without an ``as_of`` it is the bundle's, so that the answer is the one ``/predict`` gives for the same history.
    """
    needed = list(dict.fromkeys(name for loaded in bundle.models.values() for name in loaded.manifest["features"]))
    refuse_other_features(needed)
    tables = [table for table in tables_of(needed) if table in bundle.tables]
    refuse_missing_tables(customers, tables)
    moment = bundle.as_of if as_of is None else to_days(as_of)
    if as_of is None:
        refuse_later_orders(customers, moment)
    frames = {table: table_frame(table, customers) for table in CARRIED if table in {"orders", *tables}}
    frames["products"] = products_frame(bundle, customers)
    found = with_indicators(live_snapshot(frames, moment), needed).set_index("customer_id")
    asked = [customer.customer_id for customer in customers if customer.customer_id in found.index]
    return found.loc[asked].reset_index(), moment


def refuse_other_features(needed: Collection[str]) -> None:
    """Models may need what this version no longer computes."""
    given = set(feature_names([*CARRIED, "products"]))
    missing = [name for name in needed if split(name)[0] not in given]
    if missing:
        raise Refused(
            501,
            f"the models of this bundle need {len(missing)} features that a history does not give "
            f"({', '.join(missing[:3])}): ask POST /predict for known customers",
        )


def refuse_missing_tables(customers: list[CustomerHistory], tables: Collection[str]) -> None:
    """What was not sent is not the same as nothing having happened."""
    for table in tables:
        if table not in CARRIED or table == "orders":
            continue
        silent = sum(customer.rows(table) is None for customer in customers)
        if silent:
            key = "profile" if table == "customers" else table
            empty = "{} if nothing is known" if table == "customers" else "[] if there were none"
            raise BadInput(
                f"{silent} customers carry no {key!r}, which the models of this bundle read: send it, {empty}"
            )


def refuse_later_orders(customers: list[CustomerHistory], as_of: float) -> None:
    """Without an ``as_of`` in the request, orders past the bundle's would silently not count."""
    moment = to_datetime(as_of)
    later = [line.at for customer in customers for line in customer.orders if line.at >= moment]
    if later:
        raise BadInput(
            f"{len(later)} order lines are at or after {iso(as_of)}, where histories are cut unless as_of says "
            f'otherwise: send as_of, for example "{_after(max(later))}"'
        )


def _after(moment: datetime) -> str:
    return iso(float(int(to_days(moment)) + 1))


def table_frame(table: str, customers: list[CustomerHistory]) -> pl.DataFrame:
    """The canonical table of these customers."""
    columns = TABLES[table].columns
    rows = [
        [_value(column, customer.customer_id, row) for column in columns]
        for customer in customers
        for row in customer.rows(table) or ()
    ]
    return pl.DataFrame(rows, schema={column.name: TYPES[column.type] for column in columns}, orient="row")


def _value(column: Column, customer_id: str, row: object) -> object:
    if column.name == "customer_id":
        return customer_id
    if column.name == "sentiment" and getattr(row, "sentiment", None) is None:
        return sentiment(getattr(row, "text", None))
    return getattr(row, column.name, None)


def products_frame(bundle: Bundle, customers: list[CustomerHistory]) -> pl.DataFrame:
    """[product_id, category, price] of the products met, from the catalogue and from what the lines say of others.

    With them come all products of the categories met, whose prices theirs are compared with, and one of each other
    category: how wide the shop is says what of it a customer uses.
    """
    met = {line.product_id for customer in customers for line in customer.orders if line.product_id is not None}
    met |= {e.product_id for customer in customers for e in customer.events or () if e.product_id is not None}
    said = stated_categories(customers)
    known = pl.DataFrame(schema={"product_id": pl.String, "category": pl.String, "price": pl.Float64})
    if bundle.products is not None:
        bought = pl.col("product_id").is_in(sorted(met))
        categories = [*bundle.products.filter(bought)["category"].drop_nulls().unique(), *said.values()]
        beside = pl.col("category").is_in(categories) | pl.col("product_id").is_in(bundle.one_of_each)
        known = bundle.products.filter(bought | beside.fill_null(value=False))
    stated = pl.DataFrame(list(said.items()), schema={"product_id": pl.String, "said": pl.String}, orient="row")
    joined = known.join(stated, on="product_id", how="full", coalesce=True)
    return joined.select("product_id", pl.coalesce("category", "said").alias("category"), "price")


def stated_categories(customers: list[CustomerHistory]) -> dict[str, str]:
    """The category each line states for its product; one product has one category."""
    said: dict[str, str] = {}
    for customer in customers:
        for line in customer.orders:
            if line.product_id is None or line.category is None:
                continue
            if said.setdefault(line.product_id, line.category) != line.category:
                raise BadInput(
                    f"product {line.product_id!r} is sent with the categories {said[line.product_id]!r} and "
                    f"{line.category!r}: send one category a product"
                )
    return said
