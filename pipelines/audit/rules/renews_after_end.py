"""The contract ended, yet a renewal after its end is noted."""

CODE = "subscriptions.renews_after_end"
TITLE = "Ended contracts that are still to renew"
ADVICE = "Return NULL as renews_at once a contract has ended."
SEVERITY = "note"
NEEDS = ("renews_at", "ended_at")
WHERE = "renews_at > ended_at"
SHOW = ("plan", "ended_at", "renews_at")
