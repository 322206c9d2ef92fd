-- What events say of products, the newest of each.
WITH seen AS (
    SELECT happened_at, unnest(items) AS item FROM _events
)
SELECT
    item.item_id AS product_id,
    max_by(item.item_name, happened_at) AS name,
    max_by(item.item_category, happened_at) AS category,
    max_by(item.item_brand, happened_at) AS brand
FROM seen
WHERE item.item_id <> ''
GROUP BY product_id
