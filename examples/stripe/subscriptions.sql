-- The export says how a subscription stands today. What was known of it before is told in versions, so that the past
-- does not know its end: as it began; since its present period began, when it renews; since it ended, when it ended.
WITH subscriptions AS (
    SELECT
        coalesce(nullif(lower(trim("Customer Email")), ''), "Customer ID") AS customer_id,
        "Plan" AS plan,
        "Amount" AS price,
        "Start (UTC)" AS started_at,
        "Current Period Start (UTC)" AS period_began_at,
        "Current Period End (UTC)" AS period_ends_at,
        nullif("Ended At (UTC)", '') AS ended_at
    FROM subscriptions_raw
)
SELECT
    customer_id,
    plan,
    price,
    started_at,
    CASE WHEN period_began_at = started_at THEN period_ends_at END AS renews_at,
    NULL AS ended_at,
    NULL AS known_at,
    coalesce(ended_at, CASE WHEN period_began_at > started_at THEN period_began_at END) AS replaced_at
FROM subscriptions
UNION ALL
SELECT customer_id, plan, price, started_at, period_ends_at, NULL, period_began_at, NULL
FROM subscriptions
WHERE ended_at IS NULL AND period_began_at > started_at
UNION ALL
SELECT customer_id, plan, price, started_at, NULL, ended_at, ended_at, NULL
FROM subscriptions
WHERE ended_at IS NOT NULL
