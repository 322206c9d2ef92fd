"""Contracts that end before they start: the columns are swapped, or a day and a month are."""

CODE = "subscriptions.ends_before_start"
TITLE = "Contracts that end before they start"
ADVICE = (
    "Check in subscriptions.sql that the two dates are not swapped and that days and months are read in the "
    "right order."
)
SEVERITY = "error"
NEEDS = ("ended_at",)
WHERE = "ended_at < started_at"
SHOW = ("plan", "started_at", "ended_at")
