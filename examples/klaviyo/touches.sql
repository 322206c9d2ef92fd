-- Messages of campaigns and flows and what became of them; $message is the id of the message.
WITH meanings(metric, channel, kind) AS (
    VALUES
        ('Received Email', 'email', 'sent'), ('Opened Email', 'email', 'open'), ('Clicked Email', 'email', 'click'),
        ('Bounced Email', 'email', 'bounce'), ('Marked Email as Spam', 'email', 'unsubscribe'),
        ('Unsubscribed from Email Marketing', 'email', 'unsubscribe'), ('Unsubscribed', 'email', 'unsubscribe'),
        ('Received SMS', 'sms', 'sent'), ('Clicked SMS', 'sms', 'click'),
        ('Unsubscribed from SMS Marketing', 'sms', 'unsubscribe'),
        ('Received Push', 'push', 'sent'), ('Opened Push', 'push', 'open'), ('Bounced Push', 'push', 'bounce')
)
SELECT customer_id, happened_at AS "at", property."$message" AS campaign_id, channel, kind
FROM _events JOIN meanings USING (metric)
