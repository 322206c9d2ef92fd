"""Rows with a date, number or truth value that cannot be read as one. They are rejected with their original text."""

CODE = "any.unreadable"
TITLE = "Rows with a value that cannot be read"
ADVICE = "Look at the rejects with this reason; add the format to time_formats or correct the export."
WHERE = "reason LIKE 'unreadable_%'"
SHOW = ("reason",)
