"""A figure of the market that names no source cannot be checked by anybody."""

CODE = "market.without_source"
TITLE = "Market figures that name no source"
ADVICE = "Return where each figure is from."
SEVERITY = "note"
NEEDS = ("source",)
WHERE = "reason IS NULL AND source IS NULL"
SHOW = ("period", "competitor")
