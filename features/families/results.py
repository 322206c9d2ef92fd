"""What searches found: a customer who finds nothing goes elsewhere."""

import narwhals as nw

from features.exact import count_if, ratio, rows_n
from features.past import Past
from features.windows import Frame

NEEDS = ("events", "events.results_n")

SEARCH_DAYS = 90

COLUMNS: dict[str, str] = {
    "results_none_90d_n": f"Searches of the last {SEARCH_DAYS} days that found nothing; 0 if none.",
    "results_none_share": "Their share of the searches whose number of results is known; null if none is.",
    "results_mean": "Mean number of results of these searches; null as above.",
}
ZERO_IF_NONE = ("results_none_90d_n",)


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with a search of late: customer_id and COLUMNS."""
    found_n = nw.col("results_n").cast(nw.Float64)
    recent = (nw.col("kind") == "search") & (as_of - nw.col("at_days") <= SEARCH_DAYS)
    counted = past.tables["events"].with_columns(found_n=found_n).filter(recent & ~nw.col("found_n").is_null())
    sums = counted.group_by("customer_id").agg(
        count_if(nw.col("found_n") == 0).alias("results_none_90d_n"),
        rows_n().alias("searches_n"),
        nw.col("found_n").sum().alias("found_sum"),
    )
    return sums.with_columns(
        results_none_share=ratio(nw.col("results_none_90d_n"), nw.col("searches_n")),
        results_mean=ratio(nw.col("found_sum"), nw.col("searches_n")),
    ).select("customer_id", *COLUMNS)
