"""What they read: the pages and articles they look at, and how much of it is one page."""

import narwhals as nw

from features.exact import rows_n
from features.families._favourites import favourites
from features.past import Past
from features.windows import Frame

NEEDS = ("events", "events.page")

READ_DAYS = 90

COLUMNS: dict[str, str] = {
    "content_pages_90d_n": f"Different pages viewed in the last {READ_DAYS} days; 0 if none is known.",
    "content_views_90d_n": f"Views of pages in the last {READ_DAYS} days; 0 if none is known.",
    "content_favourite": "The page viewed most in these days, of equals the alphabetically first; null if none.",
    "content_favourite_share": "Its share of these views, 0 to 1; null if none.",
}
TEXT = ("content_favourite",)
ZERO_IF_NONE = ("content_pages_90d_n", "content_views_90d_n")


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer who viewed a page of late: customer_id and COLUMNS."""
    recent = as_of - nw.col("at_days") <= READ_DAYS
    views = past.tables["events"].filter(recent & ~nw.col("page").is_null())
    counts = views.group_by("customer_id", "page").agg(rows_n().alias("n"))
    found = favourites(counts, "page", "content_favourite")
    total = nw.col("content_favourite_total_n")
    return found.with_columns(
        content_pages_90d_n=nw.col("content_favourite_levels_n"),
        content_views_90d_n=total,
        content_favourite_share=nw.col("content_favourite_rows_n") / total,
    ).select("customer_id", *COLUMNS)
