"""Rows dated before 1970, or on its first day: a placeholder for no date. They are rejected."""

CODE = "any.before_1970"
TITLE = "Rows dated before 1970"
ADVICE = "Map the placeholder date to NULL in the SQL, or find the true date in the shop's system."
SEVERITY = "error"
TABLES = ("orders", "events", "touches", "feedback", "loyalty")
WHERE = "reason = 'before_1970'"
SHOW = ("at",)
