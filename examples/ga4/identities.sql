-- A device (user_pseudo_id) is the customer's from the first event on it that somebody was logged in for. Only devices
-- on which something was done without a login need the link.
SELECT
    user_pseudo_id AS alias_id,
    arg_min(user_id, CAST(event_timestamp AS BIGINT)) AS customer_id,
    make_timestamptz(min(CAST(event_timestamp AS BIGINT)) FILTER (user_id <> '')) AS known_at
FROM events_raw
GROUP BY user_pseudo_id
HAVING count(user_id) BETWEEN 1 AND count(*) - 1
