"""Scores off their scale (nps 0 to 10, csat and review 1 to 5): typing errors, or another scale. They are emptied."""

from pipelines.sources.impossible import IMPOSSIBLE

CODE = "feedback.score_out_of_range"
TITLE = "Scores off their scale"
ADVICE = "Bring every score to its kind's scale in feedback.sql, or return NULL."
NEEDS = ("score",)
WHERE = IMPOSSIBLE["feedback", "score"]
SHOW = ("kind", "score")
