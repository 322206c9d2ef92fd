"""Values that cannot be: the audit counts them, and ingest empties them."""

from features.tables import SCORE_SCALES

_OFF_SCALE = " OR ".join(
    f"(kind = '{kind}' AND score NOT BETWEEN {low} AND {high})" for kind, (low, high) in SCORE_SCALES.items()
)

IMPOSSIBLE = {
    ("events", "duration_s"): "duration_s < 0",
    ("subscriptions", "price"): "price < 0",
    ("products", "price"): "price < 0",
    ("products", "unit_cost"): "unit_cost < 0",
    ("feedback", "score"): _OFF_SCALE,
    ("events", "results_n"): "results_n < 0",
    ("touches", "cost"): "cost < 0",
    ("campaigns", "cost"): "cost < 0",
    ("loyalty", "points"): "points <= 0",
    ("market", "customers_n"): "customers_n < 0",
    ("market", "spend"): "spend < 0",
}
"""(table, column): the SQL condition under which the value of that column cannot be right."""
