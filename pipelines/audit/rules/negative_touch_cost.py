"""Contacts that cost less than nothing. The row stays, its cost is emptied."""

from pipelines.sources.impossible import IMPOSSIBLE

CODE = "touches.negative_cost"
TITLE = "Contacts with a negative cost"
ADVICE = "Return what was spent as a positive amount."
NEEDS = ("cost",)
WHERE = IMPOSSIBLE["touches", "cost"]
SHOW = ("channel", "cost")
