-- Products as the lines of orders name them.
SELECT line.product_id AS product_id, max_by(line.product_title, ordered_at) AS name
FROM _orders
GROUP BY line.product_id
