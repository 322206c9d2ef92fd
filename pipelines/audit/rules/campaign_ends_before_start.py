"""ends_at is older than starts_at: the columns are swapped, or a day and a month are."""

CODE = "campaigns.ends_before_start"
TITLE = "Campaigns that end before they start"
ADVICE = "Check in campaigns.sql that the dates are not swapped, and neither are days and months."
SEVERITY = "error"
NEEDS = ("starts_at", "ends_at")
WHERE = "reason IS NULL AND ends_at < starts_at"
SHOW = ("campaign_id", "starts_at", "ends_at")
