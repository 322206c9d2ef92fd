-- Every campaign, sent or not.
WITH pages AS (
    SELECT unnest(from_json(to_json(campaigns), '[{
        "id": "VARCHAR", "status": "VARCHAR", "send_time": "VARCHAR", "settings": {"title": "VARCHAR"}
    }]')) AS campaign
    FROM campaigns_raw
)
SELECT campaign.id AS campaign_id, campaign.status AS status, campaign.send_time AS sent_at, campaign.settings.title AS name
FROM pages
