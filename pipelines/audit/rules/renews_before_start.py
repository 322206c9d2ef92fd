"""renews_at is older than started_at."""

CODE = "subscriptions.renews_before_start"
TITLE = "Contracts that renew before they start"
ADVICE = "Check in subscriptions.sql that renews_at is the next renewal, not the last."
SEVERITY = "error"
NEEDS = ("renews_at",)
WHERE = "renews_at < started_at"
SHOW = ("plan", "started_at", "renews_at")
