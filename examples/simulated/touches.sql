-- Messages on all channels and what became of them. N900 is no campaign: customers recommend the shop by themselves.
SELECT
    customer_no AS customer_id,
    happened_at AS at,
    campaign AS campaign_id,
    channel,
    reaction AS kind,
    topic,
    version AS variant,
    cost
FROM contacts
