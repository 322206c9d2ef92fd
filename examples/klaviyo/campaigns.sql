-- Messages of campaigns and flows that were received, by the names that events give them.
SELECT
    property."$message" AS campaign_id,
    max(property."Campaign Name") AS name,
    min(happened_at) AS starts_at
FROM _events
WHERE campaign_id <> ''
GROUP BY campaign_id
