"""Somebody earns more in a cell than its customers spend."""

CODE = "market.margin_above_spend"
TITLE = "Market figures with a margin above the spend"
ADVICE = "Return the margin as an amount of money, not as a percentage, for the same period as the spend."
NEEDS = ("spend", "margin")
WHERE = "reason IS NULL AND margin > spend"
SHOW = ("period", "competitor", "spend", "margin")
