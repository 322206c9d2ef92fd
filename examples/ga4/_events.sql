-- Every event with what the tables read of it. BigQuery leaves out what is empty: a field that no event has is null here.
SELECT
    event_name,
    user_id,
    user_pseudo_id,
    coalesce(user_id, user_pseudo_id) AS customer_id,
    make_timestamptz(CAST(event_timestamp AS BIGINT)) AS happened_at,
    from_json(to_json(geo), '{"country": "VARCHAR", "region": "VARCHAR", "city": "VARCHAR"}') AS place,
    from_json(to_json(device), '{"category": "VARCHAR", "language": "VARCHAR"}') AS device,
    from_json(to_json(traffic_source), '{"source": "VARCHAR", "medium": "VARCHAR"}') AS brought_by,
    -- A list of keys with a value each, of which one of string_value, int_value, ... is filled.
    from_json(
        to_json(event_params), '[{"key": "VARCHAR", "value": {"int_value": "VARCHAR", "string_value": "VARCHAR"}}]'
    ) AS params,
    from_json(to_json(items), '[{
        "item_id": "VARCHAR", "item_name": "VARCHAR", "item_category": "VARCHAR", "item_brand": "VARCHAR",
        "quantity": "VARCHAR", "price": "VARCHAR", "price_in_usd": "VARCHAR"
    }]') AS items
FROM events_raw
