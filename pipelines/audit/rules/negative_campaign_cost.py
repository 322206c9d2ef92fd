"""Campaigns that cost less than nothing. The row stays, its cost is emptied."""

from pipelines.sources.impossible import IMPOSSIBLE

CODE = "campaigns.negative_cost"
TITLE = "Campaigns with a negative cost"
ADVICE = "Return what was spent as a positive amount."
NEEDS = ("cost",)
WHERE = IMPOSSIBLE["campaigns", "cost"]
SHOW = ("campaign_id", "cost")
