"""Rows whose kind is none of the contract's: map it in the SQL. They are rejected."""

CODE = "any.unknown_kind"
TITLE = "Rows of an unknown kind"
ADVICE = "Map these kinds to the contract's in the SQL, or leave them out there on purpose."
TABLES = ("orders", "events", "touches", "feedback", "loyalty")
WHERE = "reason = 'unknown_kind'"
SHOW = ("returned_kind",)
