"""Features of customers whose history came with the request: the batch's ``snapshot``, on their lines alone."""

from datetime import datetime

import pandas as pd
import polars as pl

from features.engines import from_frames, to_pandas
from features.errors import BadInput
from features.snapshot import feature_names, snapshot
from features.windows import to_datetime, to_days
from serving.bundle import Bundle, iso
from serving.guard import Refused
from serving.payload import CustomerHistory

TABLES = ("orders", "products")  # what a request can carry
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "order_id": pl.String,
    "customer_id": pl.String,
    "at": pl.Datetime("us"),
    "product_id": pl.String,
    "quantity": pl.Float64,
    "unit_price": pl.Float64,
    "discount": pl.Float64,
    "channel": pl.String,
    "kind": pl.String,
    "original_order_id": pl.String,
}


def live_features(
    bundle: Bundle, customers: list[CustomerHistory], as_of: datetime | None
) -> tuple[pd.DataFrame, float]:
    """[customer_id, *features] of the customers with a sale before ``as_of``, in the order asked; and that ``as_of``.

    Without an ``as_of`` it is the bundle's, so that the answer is the one ``/predict`` gives for the same history.
    """
    refuse_other_features(bundle)
    moment = bundle.as_of if as_of is None else to_days(as_of)
    if as_of is None:
        refuse_later_orders(customers, moment)
    frames = {"orders": orders_frame(customers), "products": products_frame(bundle, customers)}
    found = to_pandas(snapshot(from_frames(frames), moment)).set_index("customer_id")
    asked = [customer.customer_id for customer in customers if customer.customer_id in found.index]
    return found.loc[asked].reset_index(), moment


def refuse_other_features(bundle: Bundle) -> None:
    """Models may need what order lines cannot give (other tables), or what this version no longer computes."""
    given = set(feature_names(TABLES))
    needed = dict.fromkeys(name for loaded in bundle.models.values() for name in loaded.manifest["features"])
    missing = [name for name in needed if name not in given]
    if missing:
        raise Refused(
            501,
            f"the models of this bundle need {len(missing)} features that order lines do not give "
            f"({', '.join(missing[:3])}): ask POST /predict for known customers",
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


def orders_frame(customers: list[CustomerHistory]) -> pl.DataFrame:
    """The canonical table ``orders`` of these customers."""
    rows = [
        tuple(customer.customer_id if name == "customer_id" else getattr(line, name) for name in SCHEMA)
        for customer in customers
        for line in customer.orders
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def products_frame(bundle: Bundle, customers: list[CustomerHistory]) -> pl.DataFrame:
    """[product_id, category] of the products bought: the bundle's catalogue, and what the lines say of others."""
    bought = {line.product_id for customer in customers for line in customer.orders if line.product_id is not None}
    known = pl.DataFrame(schema={"product_id": pl.String, "category": pl.String})
    if bundle.products is not None:
        known = bundle.products.filter(pl.col("product_id").is_in(sorted(bought)) & pl.col("category").is_not_null())
    said = stated_categories(customers)
    for product in known["product_id"].to_list():
        said.pop(product, None)
    return pl.concat([known, pl.DataFrame(list(said.items()), schema=known.schema, orient="row")])


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
