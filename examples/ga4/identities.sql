-- A device (user_pseudo_id) is the customer's from the first event on it that somebody was logged in for. Only devices
-- on which something was done without a login need the link.
SELECT
    user_pseudo_id AS alias_id,
    arg_min(user_id, happened_at) AS customer_id,
    min(happened_at) FILTER (user_id <> '') AS known_at
FROM _events
GROUP BY user_pseudo_id
HAVING count(user_id) BETWEEN 1 AND count(*) - 1
