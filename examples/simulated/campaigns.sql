-- One row a campaign: what it is for and about, what it offers, what it costs.
SELECT
    campaign AS campaign_id,
    title AS name,
    strategy,
    topics,
    offer,
    budget AS cost,
    begins_at AS starts_at,
    ends_at
FROM plan
