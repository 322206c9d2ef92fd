"""An nps, csat or review without a score."""

from features.tables import SCORE_SCALES
from pipelines.sql import quoted_list

CODE = "feedback.missing_score"
TITLE = "Surveys and reviews without a score"
ADVICE = "Leave out surveys that were sent and not answered, in feedback.sql."
SEVERITY = "note"
NEEDS = ("score",)
WHERE = f"score IS NULL AND kind IN {quoted_list(SCORE_SCALES)} AND reason IS NULL"
SHOW = ("kind", "at")
