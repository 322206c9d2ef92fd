-- Newsletters and what became of them.
SELECT customer_no AS customer_id, happened_at AS at, campaign AS campaign_id, 'email' AS channel, reaction AS kind
FROM newsletters
