"""Contacts whose channel is none of the contract's: features by channel do not see them. The rows stay."""

from features.tables import TOUCHES
from pipelines.sql import quoted_list

CODE = "touches.unknown_channel"
TITLE = "Contacts through a channel that is not of the contract"
ADVICE = f"Map the channel to one of {', '.join(TOUCHES.levels('channel'))} in touches.sql."
WHERE = f"reason IS NULL AND channel NOT IN {quoted_list(TOUCHES.levels('channel'))}"
SHOW = ("channel",)
