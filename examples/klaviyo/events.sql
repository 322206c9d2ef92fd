-- What Klaviyo's script on the site saw of people whom it knew.
WITH pages AS (
    SELECT
        unnest(from_json(to_json(data), '[{
            "attributes": {"datetime": "VARCHAR", "event_properties": {
                "ProductID": "VARCHAR", "AddedItemProductID": "VARCHAR"}},
            "relationships": {
                "profile": {"data": {"id": "VARCHAR"}}, "metric": {"data": {"id": "VARCHAR"}}}
        }]')) AS event,
        from_json(to_json(included), '[{"id": "VARCHAR", "attributes": {"name": "VARCHAR"}}]') AS included
    FROM events_raw
), named AS (
    SELECT
        event.relationships.profile.data.id AS customer_id,
        event.attributes.datetime AS happened_at,
        event.attributes.event_properties AS property,
        list_filter(included, lambda known: known.id = event.relationships.metric.data.id)[1].attributes.name AS metric
    FROM pages
)
SELECT
    customer_id,
    happened_at AS "at",
    CASE metric
        WHEN 'Active on Site' THEN 'page_view'
        WHEN 'Viewed Product' THEN 'product_view'
        WHEN 'Added to Cart' THEN 'add_to_cart'
        ELSE 'checkout'
    END AS kind,
    coalesce(property.AddedItemProductID, property.ProductID) AS product_id
FROM named
WHERE metric IN ('Active on Site', 'Viewed Product', 'Added to Cart', 'Started Checkout')
