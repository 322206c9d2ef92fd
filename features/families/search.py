"""What they search for: how many different words, and how often the same ones again."""

import narwhals as nw

from features.exact import count_if, ratio, rows_n
from features.past import Past
from features.windows import Frame

NEEDS = ("events", "events.query")

SEARCH_DAYS = 90

COLUMNS: dict[str, str] = {
    "search_words_90d_n": f"Different searches of the last {SEARCH_DAYS} days, by their words; 0 if none.",
    "search_again_share": "Share of these that were made more than once; null if none.",
}
ZERO_IF_NONE = ("search_words_90d_n",)


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a search of late: customer_id and COLUMNS."""
    recent = (nw.col("kind") == "search") & (as_of - nw.col("at_days") <= SEARCH_DAYS)
    searches = past.tables["events"].filter(recent & ~nw.col("query").is_null())
    words = searches.group_by("customer_id", "query")
    sums = (
        words.agg(rows_n().alias("n"))
        .group_by("customer_id")
        .agg(rows_n().alias("search_words_90d_n"), count_if(nw.col("n") > 1).alias("again_n"))
    )
    share = ratio(nw.col("again_n"), nw.col("search_words_90d_n"))
    return sums.with_columns(search_again_share=share).select("customer_id", *COLUMNS)
