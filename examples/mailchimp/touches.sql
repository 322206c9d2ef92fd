-- Each contact in the activity of a campaign was sent it when the campaign went out; what the contact did follows.
WITH emails AS (
    SELECT unnest(from_json(to_json(emails), '[{
        "campaign_id": "VARCHAR", "email_id": "VARCHAR", "activity": [{"action": "VARCHAR", "timestamp": "VARCHAR"}]
    }]')) AS email
    FROM activity_raw
), actions AS (
    SELECT email.campaign_id AS campaign_id, email.email_id AS email_id, unnest(email.activity) AS act
    FROM emails
)
SELECT
    email.email_id AS customer_id,
    _campaigns.sent_at AS "at",
    _campaigns.campaign_id,
    'email' AS channel,
    'sent' AS kind
FROM emails JOIN _campaigns ON _campaigns.campaign_id = email.campaign_id
UNION ALL
SELECT email_id, act.timestamp, campaign_id, 'email', act.action
FROM actions
UNION ALL
SELECT md5(lower(trim("Email Address"))), "UNSUB_TIME", "UNSUB_CAMPAIGN_ID", 'email', 'unsubscribe'
FROM members_raw
WHERE "UNSUB_TIME" <> ''
