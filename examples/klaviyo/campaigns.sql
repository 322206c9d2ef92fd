-- Messages of campaigns and flows that were received, by the names that events give them.
WITH events AS (
    SELECT unnest(from_json(to_json(data), '[{
        "attributes": {"datetime": "VARCHAR", "event_properties": {"$message": "VARCHAR", "Campaign Name": "VARCHAR"}}
    }]')) AS event
    FROM events_raw
)
SELECT
    event.attributes.event_properties."$message" AS campaign_id,
    max(event.attributes.event_properties."Campaign Name") AS name,
    min(event.attributes.datetime) AS starts_at
FROM events
WHERE campaign_id <> ''
GROUP BY campaign_id
