-- Products as the items of orders name them, the newest name of each.
WITH orders AS (
    SELECT unnest(from_json(to_json(data), '[{
        "attributes": {"datetime": "VARCHAR", "event_properties": {"Items": [{
            "ProductID": "VARCHAR", "ProductName": "VARCHAR", "Brand": "VARCHAR", "Categories": ["VARCHAR"]}]}}
    }]')) AS event
    FROM events_raw
), items AS (
    SELECT event.attributes.datetime AS seen_at, unnest(event.attributes.event_properties.Items) AS item
    FROM orders
)
SELECT
    item.ProductID AS product_id,
    max_by(item.ProductName, seen_at) AS name,
    max_by(item.Categories[1], seen_at) AS category,
    max_by(item.Brand, seen_at) AS brand
FROM items
WHERE item.ProductID <> ''
GROUP BY product_id
