"""A tier was reached, and the row does not say which."""

CODE = "loyalty.tier_without_name"
TITLE = "Loyalty tiers without a name"
ADVICE = "Return the name of the tier, or leave these rows out."
NEEDS = ("tier",)
WHERE = "reason IS NULL AND kind = 'tier' AND tier IS NULL"
SHOW = ("kind", "at")
