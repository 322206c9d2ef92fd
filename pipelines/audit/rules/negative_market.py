"""Cells of the market with fewer than no customers. The row stays, the figure is emptied."""

from pipelines.sources.impossible import IMPOSSIBLE

CODE = "market.negative_customers"
TITLE = "Market figures with a negative number of customers"
ADVICE = "Correct the figure, or return NULL where nothing is known."
NEEDS = ("customers_n",)
WHERE = IMPOSSIBLE["market", "customers_n"]
SHOW = ("period", "competitor", "customers_n")
