-- Messages of campaigns and flows and what became of them; $message is the id of the message.
WITH meanings(metric, channel, kind) AS (
    VALUES
        ('Received Email', 'email', 'sent'), ('Opened Email', 'email', 'open'), ('Clicked Email', 'email', 'click'),
        ('Bounced Email', 'email', 'bounce'), ('Marked Email as Spam', 'email', 'unsubscribe'),
        ('Unsubscribed from Email Marketing', 'email', 'unsubscribe'), ('Unsubscribed', 'email', 'unsubscribe'),
        ('Received SMS', 'sms', 'sent'), ('Clicked SMS', 'sms', 'click'),
        ('Unsubscribed from SMS Marketing', 'sms', 'unsubscribe'),
        ('Received Push', 'push', 'sent'), ('Opened Push', 'push', 'open'), ('Bounced Push', 'push', 'bounce')
), pages AS (
    SELECT
        unnest(from_json(to_json(data), '[{
            "attributes": {"datetime": "VARCHAR", "event_properties": {"$message": "VARCHAR"}},
            "relationships": {
                "profile": {"data": {"id": "VARCHAR"}}, "metric": {"data": {"id": "VARCHAR"}}}
        }]')) AS event,
        from_json(to_json(included), '[{"id": "VARCHAR", "attributes": {"name": "VARCHAR"}}]') AS included
    FROM events_raw
), named AS (
    SELECT
        event.relationships.profile.data.id AS customer_id,
        event.attributes.datetime AS happened_at,
        event.attributes.event_properties."$message" AS campaign_id,
        list_filter(included, lambda known: known.id = event.relationships.metric.data.id)[1].attributes.name AS metric
    FROM pages
)
SELECT customer_id, happened_at AS "at", campaign_id, channel, kind
FROM named JOIN meanings USING (metric)
