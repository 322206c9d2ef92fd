"""Points of zero or below: spending is a kind, not a sign. The row stays, its points are emptied."""

from pipelines.sources.impossible import IMPOSSIBLE

CODE = "loyalty.points_not_positive"
TITLE = "Loyalty points of zero or below"
ADVICE = "Return the points as a positive number and say in kind whether they were earned or spent."
NEEDS = ("points",)
WHERE = IMPOSSIBLE["loyalty", "points"]
SHOW = ("kind", "points")
