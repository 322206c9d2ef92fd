-- What events say of products, the newest of each.
WITH seen AS (
    SELECT
        CAST(event_timestamp AS BIGINT) AS seen_at,
        unnest(from_json(
            to_json(items),
            '[{"item_id": "VARCHAR", "item_name": "VARCHAR", "item_category": "VARCHAR", "item_brand": "VARCHAR"}]'
        )) AS item
    FROM events_raw
)
SELECT
    item.item_id AS product_id,
    max_by(item.item_name, seen_at) AS name,
    max_by(item.item_category, seen_at) AS category,
    max_by(item.item_brand, seen_at) AS brand
FROM seen
WHERE item.item_id <> ''
GROUP BY product_id
