-- Products as the items of orders name them, the newest name of each.
WITH items AS (
    SELECT happened_at, unnest(property.Items) AS item FROM _events
)
SELECT
    item.ProductID AS product_id,
    max_by(item.ProductName, happened_at) AS name,
    max_by(item.Categories[1], happened_at) AS category,
    max_by(item.Brand, happened_at) AS brand
FROM items
WHERE item.ProductID <> ''
GROUP BY product_id
