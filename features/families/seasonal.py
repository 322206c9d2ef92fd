"""Whether they buy for a season: the seasons of the products in their orders."""

import narwhals as nw

from features.exact import ratio
from features.families._favourites import favourites
from features.past import Past
from features.windows import Frame

NEEDS = ("orders", "products", "products.season")

COLUMNS: dict[str, str] = {
    "seasonal_share": "Share of the order lines with a product that is for a season; null if no line names a product.",
    "seasonal_favourite": "The season of most of these lines, of equals the alphabetically first; null if none.",
    "seasonal_favourite_share": "Its share of them, 0 to 1; null if none.",
}
TEXT = ("seasonal_favourite",)


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer who bought a named product: customer_id and COLUMNS."""
    del as_of  # Seasons count at any age.
    named = past.tables["products"].select("product_id", "season").filter(~nw.col("season").is_null())
    bought = past.products.join(named, on="product_id")
    counts = bought.group_by("customer_id", "season").agg(nw.col("lines_n").sum().alias("n"))
    seasons = favourites(counts, "season", "seasonal_favourite")
    everything = past.products.group_by("customer_id").agg(nw.col("lines_n").sum().alias("all_n"))
    joined = everything.join(seasons, on="customer_id", how="left")
    total = nw.col("seasonal_favourite_total_n")
    return joined.with_columns(
        seasonal_share=ratio(total.fill_null(0.0), nw.col("all_n")),
        seasonal_favourite_share=ratio(nw.col("seasonal_favourite_rows_n"), total),
    ).select("customer_id", *COLUMNS)
