"""A contact without a campaign among contacts that have one."""

CODE = "touches.without_campaign"
TITLE = "Contacts that name no campaign"
ADVICE = "Return the campaign; responses cannot be matched with what was sent otherwise."
SEVERITY = "note"
NEEDS = ("campaign_id",)
WHERE = "campaign_id IS NULL AND reason IS NULL"
SHOW = ("kind", "channel", "at")
