"""Answers whose topic is none of the contract's: features by topic do not see them. The rows stay."""

from features.tables import FEEDBACK
from pipelines.sql import quoted_list

CODE = "feedback.unknown_topic"
TITLE = "Answers about a topic that is not of the contract"
ADVICE = f"Map the topic to one of {', '.join(FEEDBACK.levels('topic'))} in feedback.sql."
SEVERITY = "note"
NEEDS = ("topic",)
WHERE = f"reason IS NULL AND topic NOT IN {quoted_list(FEEDBACK.levels('topic'))}"
SHOW = ("topic",)
