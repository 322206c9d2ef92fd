"""Feedback: scores and their trend, topics, and sentiment. An item is one score, review or ticket."""

import narwhals as nw

from features.exact import MICRO, count_if, per, ratio, sum_if, whole
from features.past import Past
from features.tables import FEEDBACK
from features.windows import Frame

NEEDS = ("feedback",)

TOPICS = tuple(sorted(FEEDBACK.levels("topic")))
MILLI = 1000
NEGATIVE = -0.05
"""Sentiment below this is negative; between this and its opposite it counts as neutral."""

COLUMNS: dict[str, str] = {
    "feedback_90d_n": "Feedback items in the 90 days before as_of: scores, reviews, tickets; 0 if none.",
    "feedback_365d_n": "Feedback items in the 365 days before as_of; 0 if none.",
    "feedback_recency_days": "Days from the last feedback item to as_of; null if none.",
    "feedback_nps_last": "The last NPS score, 0 to 10; the lowest at the same moment; null if none.",
    "feedback_nps_mean": "Mean NPS score, 0 to 10; null if none.",
    "feedback_nps_trend": "Last NPS score minus the mean of those before; null without one before.",
    "feedback_nps_class": "promoter (last NPS score 9 or 10), passive (7 or 8) or detractor (below 7); null if none.",
    "feedback_csat_last": "The last satisfaction score, 1 to 5; the lowest at the same moment; null if none.",
    "feedback_csat_mean": "Mean satisfaction score, 1 to 5; null if none.",
    "feedback_review_mean": "Mean score of reviews, 1 to 5; null if none.",
    "feedback_reviews_365d_n": "Reviews in the 365 days before as_of; 0 if none.",
    "feedback_low_share": "Share of scores that are low: NPS up to 6, satisfaction and reviews up to 2; null if none.",
    "feedback_tickets_90d_n": "Tickets in the 90 days before as_of; 0 if none.",
    "feedback_tickets_365d_n": "Tickets in the 365 days before as_of; 0 if none.",
    "feedback_ticket_recency_days": "Days from the last ticket to as_of; null if none.",
    **{f"feedback_{t}_365d_n": f"Items about {t} in the 365 days before as_of; 0 if none." for t in TOPICS},
    "feedback_topic": "The most frequent topic, the alphabetically first of equals; null if none is known.",
    "feedback_sentiment_last": "Sentiment of the last text, -1 to 1; the lowest at the same moment; null if none.",
    "feedback_sentiment_mean": "Mean sentiment of texts, -1 to 1; null if none.",
    "feedback_sentiment_min": "Lowest sentiment of a text, -1 to 1; null if none.",
    "feedback_negative_share": f"Share of texts with a sentiment below {NEGATIVE}, 0 to 1; null if none.",
}

TEXT = ("feedback_nps_class", "feedback_topic")
ZERO_IF_NONE = tuple(name for name in COLUMNS if name.endswith("d_n"))


def is_low(kind: nw.Expr, score: nw.Expr) -> nw.Expr:
    """An NPS score of a detractor, at most 6, or at most 2 of 5 for satisfaction and reviews; null if not scored."""
    of_five = nw.when((kind == "csat") | (kind == "review")).then(score <= 2)
    return nw.when(kind == "nps").then(score <= 6).otherwise(of_five)


def compute(past: Past, as_of: float) -> Frame:
    """One row a customer with feedback: customer_id and COLUMNS."""
    at, kind = nw.col("at_days"), nw.col("kind")
    items = past.tables["feedback"].with_columns(
        age=as_of - at,
        milli=whole(nw.col("score") * MILLI),
        micro=whole(nw.col("sentiment") * MICRO),
        is_low=is_low(kind, nw.col("score")),
        scored_at=nw.when(~nw.col("score").is_null()).then(at).max().over("customer_id", "kind"),
        text_at=nw.when(~nw.col("sentiment").is_null()).then(at).max().over("customer_id"),
    )
    sums = items.group_by("customer_id").agg(*_counts(), *_scores(), *_sentiments())
    return _ratios(sums).select("customer_id", *COLUMNS)


def _counts() -> list[nw.Expr]:
    age, topic, ticket = nw.col("age"), nw.col("topic"), nw.col("kind") == "ticket"
    return [
        count_if(age <= 90).alias("feedback_90d_n"),
        count_if(age <= 365).alias("feedback_365d_n"),
        age.min().alias("feedback_recency_days"),
        count_if((nw.col("kind") == "review") & (age <= 365)).alias("feedback_reviews_365d_n"),
        count_if(ticket & (age <= 90)).alias("feedback_tickets_90d_n"),
        count_if(ticket & (age <= 365)).alias("feedback_tickets_365d_n"),
        nw.when(ticket).then(age).min().alias("feedback_ticket_recency_days"),
        *(count_if((topic == t) & (age <= 365)).alias(f"feedback_{t}_365d_n") for t in TOPICS),
        *(count_if(topic == t).alias(f"{t}_n") for t in TOPICS),
    ]


def _scores() -> list[nw.Expr]:
    kind, milli, newest = nw.col("kind"), nw.col("milli"), nw.col("at_days") == nw.col("scored_at")
    nps, scored = kind == "nps", ~milli.is_null()
    of_kind = [
        aggregate
        for name in ("nps", "csat", "review")
        for aggregate in (
            count_if((kind == name) & scored).alias(f"{name}_n"),
            sum_if((kind == name) & scored, milli).alias(f"{name}_sum"),
            nw.when((kind == name) & newest).then(milli).min().alias(f"{name}_last"),
        )
    ]
    return [
        *of_kind,
        count_if(nps & scored & ~newest).alias("nps_before_n"),
        sum_if(nps & scored & ~newest, milli).alias("nps_before_sum"),
        count_if(nw.col("is_low")).alias("low_n"),
        count_if(~nw.col("is_low").is_null()).alias("scores_n"),
    ]


def _sentiments() -> list[nw.Expr]:
    micro = nw.col("micro")
    return [
        micro.count().cast(nw.Float64).alias("texts_n"),
        micro.sum().alias("texts_sum"),
        micro.min().alias("texts_min"),
        nw.when(nw.col("at_days") == nw.col("text_at")).then(micro).min().alias("texts_last"),
        count_if(micro < NEGATIVE * MICRO).alias("negative_n"),
    ]


def _ratios(sums: Frame) -> Frame:
    nps_last, nps_before_n = nw.col("nps_last"), nw.col("nps_before_n")
    texts_n = nw.col("texts_n")
    return sums.with_columns(
        feedback_nps_last=per(nps_last, MILLI),
        feedback_nps_mean=ratio(nw.col("nps_sum"), nw.col("nps_n") * MILLI),
        feedback_nps_trend=ratio(nps_last * nps_before_n - nw.col("nps_before_sum"), nps_before_n * MILLI),
        feedback_nps_class=_nps_class(nps_last),
        feedback_csat_last=per(nw.col("csat_last"), MILLI),
        feedback_csat_mean=ratio(nw.col("csat_sum"), nw.col("csat_n") * MILLI),
        feedback_review_mean=ratio(nw.col("review_sum"), nw.col("review_n") * MILLI),
        feedback_low_share=ratio(nw.col("low_n"), nw.col("scores_n")),
        feedback_topic=_most_frequent_topic(),
        feedback_sentiment_last=per(nw.col("texts_last"), MICRO),
        feedback_sentiment_mean=ratio(nw.col("texts_sum"), texts_n * MICRO),
        feedback_sentiment_min=per(nw.col("texts_min"), MICRO),
        feedback_negative_share=ratio(nw.col("negative_n"), texts_n),
    )


def _nps_class(last_milli: nw.Expr) -> nw.Expr:
    of_a_score = nw.when(last_milli >= 9 * MILLI).then(nw.lit("promoter"))
    lower = nw.when(last_milli >= 7 * MILLI).then(nw.lit("passive")).otherwise(nw.lit("detractor"))
    return nw.when(~last_milli.is_null()).then(of_a_score.otherwise(lower))


def _most_frequent_topic() -> nw.Expr:
    counts = {topic: nw.col(f"{topic}_n") for topic in TOPICS}
    most = nw.max_horizontal(*counts.values())
    names = [nw.when((n == most) & (n > 0)).then(nw.lit(topic)) for topic, n in counts.items()]
    return nw.coalesce(*names)
