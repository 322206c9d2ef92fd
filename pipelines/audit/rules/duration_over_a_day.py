"""A duration of more than 86,400 seconds: milliseconds, or a page left open."""

CODE = "events.duration_over_a_day"
TITLE = "Events that took longer than a day"
ADVICE = "Check the unit of duration_s: milliseconds have to be divided by 1,000 in events.sql."
NEEDS = ("duration_s",)
WHERE = "duration_s > 86400"
SHOW = ("kind", "duration_s")
