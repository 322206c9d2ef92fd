"""A sentiment from the source that is below -1 or above 1."""

from features.tables import SENTIMENT_SCALE

CODE = "feedback.sentiment_out_of_range"
TITLE = "Sentiments off their scale"
ADVICE = "Bring sentiment to -1 .. 1 in feedback.sql, or leave it out: ingest reads it from the text."
NEEDS = ("sentiment",)
LOWEST, HIGHEST = SENTIMENT_SCALE
WHERE = f"sentiment NOT BETWEEN {LOWEST} AND {HIGHEST}"
SHOW = ("kind", "at")
