-- Campaigns that were sent, by the names they have in Mailchimp.
WITH campaigns AS (
    SELECT unnest(from_json(to_json(campaigns), '[{
        "id": "VARCHAR", "status": "VARCHAR", "send_time": "VARCHAR", "settings": {"title": "VARCHAR"}
    }]')) AS campaign
    FROM campaigns_raw
)
SELECT
    campaign.id AS campaign_id,
    campaign.settings.title AS name,
    'email' AS channel,
    campaign.send_time AS starts_at
FROM campaigns
WHERE campaign.status = 'sent'
