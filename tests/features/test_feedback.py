"""The feedback family against plain loops over each customer's items."""

import statistics
from collections import Counter
from datetime import datetime, timedelta

import polars as pl
import pytest

from tests.features.plain import (
    MOMENTS,
    Frames,
    Row,
    by_customer,
    check,
    days_since,
    features_of,
    known_rows,
)

AS_OF = datetime(2022, 1, 17, 10, 30)


def scores(rows: list[Row], kind: str) -> list[tuple[datetime, float]]:
    return sorted((row["at"], row["score"]) for row in rows if row["kind"] == kind and row["score"] is not None)


def last(moments: list[tuple[datetime, float]]) -> float | None:
    return min(value for at, value in moments if at == moments[-1][0]) if moments else None


def mean(values: list[float]) -> float | None:
    return statistics.fmean(values) if values else None


def nps_oracle(nps: list[tuple[datetime, float]]) -> dict[str, object]:
    newest = last(nps)
    before = mean([score for at, score in nps if at < nps[-1][0]])
    level = next(name for floor, name in [(9, "promoter"), (7, "passive"), (0, "detractor")] if (newest or 0) >= floor)
    return {
        "feedback_nps_last": newest,
        "feedback_nps_mean": mean([score for _, score in nps]),
        "feedback_nps_trend": None if before is None else newest - before,
        "feedback_nps_class": level if nps else None,
    }


def feedback_oracle(rows: list[Row], as_of: datetime) -> dict[str, object]:
    def within(days: int, **wanted: str) -> int:
        young = [row for row in rows if as_of - row["at"] <= timedelta(days=days)]
        return sum(all(row[name] == value for name, value in wanted.items()) for row in young)

    nps, csat, review = (scores(rows, kind) for kind in ("nps", "csat", "review"))
    low = [s <= 6 for _, s in nps] + [s <= 2 for _, s in csat + review]
    tickets = [row["at"] for row in rows if row["kind"] == "ticket"]
    topics = Counter(row["topic"] for row in rows if row["topic"])
    words = sorted((row["at"], row["sentiment"]) for row in rows if row["sentiment"] is not None)
    sounds = [sound for _, sound in words]
    about = ("delivery", "price", "product", "quality", "service")
    return nps_oracle(nps) | {
        "feedback_90d_n": within(90),
        "feedback_365d_n": within(365),
        "feedback_recency_days": min((days_since(row["at"], as_of) for row in rows), default=None),
        "feedback_csat_last": last(csat),
        "feedback_csat_mean": mean([score for _, score in csat]),
        "feedback_review_mean": mean([score for _, score in review]),
        "feedback_reviews_365d_n": within(365, kind="review"),
        "feedback_low_share": mean(low),
        "feedback_tickets_90d_n": within(90, kind="ticket"),
        "feedback_tickets_365d_n": within(365, kind="ticket"),
        "feedback_ticket_recency_days": days_since(max(tickets), as_of) if tickets else None,
        **{f"feedback_{topic}_365d_n": within(365, topic=topic) for topic in about},
        "feedback_topic": min(topics, key=lambda topic: (-topics[topic], topic)) if topics else None,
        "feedback_sentiment_last": last(words),
        "feedback_sentiment_mean": mean(sounds),
        "feedback_sentiment_min": min(sounds, default=None),
        "feedback_negative_share": mean([sound < -0.05 for sound in sounds]),
    }


@pytest.mark.parametrize("as_of", MOMENTS)
def test_feedback_equals_the_loops(world: Frames, as_of: datetime) -> None:
    items = by_customer(known_rows(world, "feedback", as_of))
    check(
        features_of("feedback", world, as_of),
        "feedback",
        lambda customer: feedback_oracle(items.get(customer, []), as_of),
    )


def features_with(*rows: tuple[str, int, float | None, float | None, str | None]) -> Row:
    """Features of a customer with these items: (kind, days ago, score, sentiment, topic)."""
    names = ("kind", "days", "score", "sentiment", "topic")
    types = dict(zip(names, (pl.String, pl.Int64, pl.Float64, pl.Float64, pl.String), strict=True))
    feedback = pl.DataFrame(rows, schema=types, orient="row").with_columns(
        customer_id=pl.lit("a"), at=pl.lit(AS_OF) - pl.duration(days=pl.col("days"))
    )
    order = {"order_id": "o", "customer_id": "a", "at": AS_OF - timedelta(1), "quantity": 1.0, "unit_price": 1.0}
    frames = {"orders": pl.DataFrame([order | {"kind": "sale"}]), "feedback": feedback.drop("days")}
    return features_of("feedback", frames, AS_OF).loc["a"].to_dict()


def test_scores_of_the_same_moment_count_together() -> None:
    found = features_with(("nps", 5, 9.5, None, None), ("nps", 5, 6.5, None, None), ("nps", 9, 10.0, None, None))
    assert (found["feedback_nps_last"], found["feedback_nps_class"]) == (6.5, "detractor")
    assert found["feedback_nps_trend"] == 6.5 - 10
    assert found["feedback_nps_mean"] == pytest.approx(26 / 3)


def test_a_single_score_has_no_trend() -> None:
    found = features_with(("nps", 5, 9.0, None, None))
    assert found["feedback_nps_class"] == "promoter"
    assert found["feedback_nps_trend"] != found["feedback_nps_trend"]


def test_a_window_contains_its_last_day_and_topics_tie_alphabetically() -> None:
    found = features_with(("ticket", 90, None, None, "service"), ("ticket", 365, None, -0.05, "price"))
    assert (found["feedback_tickets_90d_n"], found["feedback_tickets_365d_n"]) == (1, 2)
    assert found["feedback_topic"] == "price"
    assert found["feedback_negative_share"] == 0


def test_a_score_on_a_ticket_is_no_rating() -> None:
    found = features_with(("ticket", 3, 1.0, None, None))
    assert found["feedback_low_share"] != found["feedback_low_share"]


def test_without_feedback_counts_are_zero_and_the_rest_is_null() -> None:
    found = {name: value for name, value in features_with().items() if name.startswith("feedback_")}
    for name, value in found.items():
        assert value == 0 if name.endswith("d_n") else value != value or value is None, name
