"""Points were earned or spent, and the row does not say how many."""

CODE = "loyalty.without_points"
TITLE = "Loyalty points that have no number"
ADVICE = "Return the number of points, or leave these rows out."
NEEDS = ("points",)
WHERE = "reason IS NULL AND kind <> 'tier' AND points IS NULL"
SHOW = ("kind", "at")
