"""What they respond to: the topics of the messages that they open, click or share."""

import narwhals as nw

from features.exact import rows_n
from features.families._favourites import favourites
from features.families.channel import RESPONSES
from features.past import Past
from features.windows import Frame

NEEDS = ("touches", "touches.topic")

RESPONSE_DAYS = 365

COLUMNS: dict[str, str] = {
    "topics_responded_n": f"Different topics responded to in the last {RESPONSE_DAYS} days; 0 if none.",
    "topics_favourite": "The topic of most responses in these days (opens, clicks, social reactions, events attended), "
    "of equals the alphabetically first; null if none.",
    "topics_favourite_share": "Its share of these responses, 0 to 1; null if none.",
}
TEXT = ("topics_favourite",)
ZERO_IF_NONE = ("topics_responded_n",)


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer who responded to a message about something: customer_id and COLUMNS."""
    recent = nw.col("kind").is_in(RESPONSES) & (as_of - nw.col("at_days") <= RESPONSE_DAYS)
    answers = past.tables["touches"].filter(recent & ~nw.col("topic").is_null())
    counts = answers.group_by("customer_id", "topic").agg(rows_n().alias("n"))
    found = favourites(counts, "topic", "topics_favourite")
    share = nw.col("topics_favourite_rows_n") / nw.col("topics_favourite_total_n")
    named = found.with_columns(topics_responded_n=nw.col("topics_favourite_levels_n"), topics_favourite_share=share)
    return named.select("customer_id", *COLUMNS)
