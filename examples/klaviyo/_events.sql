-- Every event with its profile, the name of its metric, and what the tables read of its properties.
WITH pages AS (
    SELECT
        unnest(from_json(to_json(data), '[{
            "attributes": {"datetime": "VARCHAR", "event_properties": {
                "$message": "VARCHAR", "Campaign Name": "VARCHAR",
                "ProductID": "VARCHAR", "AddedItemProductID": "VARCHAR",
                "OrderId": "VARCHAR", "DiscountValue": "DOUBLE",
                "Items": [{
                    "ProductID": "VARCHAR", "ProductName": "VARCHAR", "Brand": "VARCHAR", "Categories": ["VARCHAR"],
                    "Quantity": "VARCHAR", "ItemPrice": "VARCHAR"
                }]}},
            "relationships": {
                "profile": {"data": {"id": "VARCHAR"}}, "metric": {"data": {"id": "VARCHAR"}}}
        }]')) AS event,
        from_json(to_json(included), '[{"id": "VARCHAR", "attributes": {"name": "VARCHAR"}}]') AS included
    FROM events_raw
)
SELECT
    event.relationships.profile.data.id AS customer_id,
    event.attributes.datetime AS happened_at,
    event.attributes.event_properties AS property,
    list_filter(included, lambda known: known.id = event.relationships.metric.data.id)[1].attributes.name AS metric
FROM pages
