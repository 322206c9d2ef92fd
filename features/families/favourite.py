"""What they come for: the category that they buy most."""

import narwhals as nw

from features.exact import ratio
from features.families._favourites import favourites
from features.past import Past
from features.windows import Frame

NEEDS = ("orders", "products")

COLUMNS: dict[str, str] = {
    "favourite_category": "The category of most order lines, of equals the alphabetically first; null if not known.",
    "favourite_category_share": "Its share of the order lines whose category is known, 0 to 1; null as above.",
}
TEXT = ("favourite_category",)


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer who bought something of a known category: customer_id and COLUMNS."""
    del as_of  # What was bought counts at any age.
    counts = past.categories.select("customer_id", "category", n=nw.col("lines_n"))
    found = favourites(counts, "category", "favourite_category")
    share = ratio(nw.col("favourite_category_rows_n"), nw.col("favourite_category_total_n"))
    return found.with_columns(favourite_category_share=share).select("customer_id", *COLUMNS)
