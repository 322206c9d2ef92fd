"""Rows dated at or after the present: a clock or a date format is wrong. They are rejected."""

CODE = "any.in_the_future"
TITLE = "Rows dated in the future"
ADVICE = "Check the time zone and the date format of the source; correct the clock of the system that wrote them."
SEVERITY = "error"
TABLES = ("orders", "events", "touches", "feedback", "loyalty")
WHERE = "reason = 'in_the_future'"
SHOW = ("at",)
