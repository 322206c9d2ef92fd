-- Products as the lines of orders name them.
WITH orders AS (
    SELECT unnest(from_json(to_json(orders), '[{
        "processed_at_foreign": "VARCHAR", "lines": [{"product_id": "VARCHAR", "product_title": "VARCHAR"}]
    }]')) AS "order"
    FROM orders_raw
), lines AS (
    SELECT "order".processed_at_foreign AS seen_at, unnest("order".lines) AS line FROM orders
)
SELECT line.product_id AS product_id, max_by(line.product_title, seen_at) AS name
FROM lines
GROUP BY product_id
