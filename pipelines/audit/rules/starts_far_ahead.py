"""A start more than a year after the present: a wrong date. Next month's contracts are fine."""

CODE = "subscriptions.starts_far_ahead"
TITLE = "Contracts that start more than a year ahead"
ADVICE = "Check the date format of started_at: a day and a month may be swapped."
SEVERITY = "error"
WHERE = "started_at > getvariable('present') + INTERVAL 1 YEAR"
SHOW = ("plan", "started_at")
