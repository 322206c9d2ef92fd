-- Where visitors were and what brought them, as their first event says it. Refunds come from a server, not a visitor.
SELECT
    coalesce(user_id, user_pseudo_id) AS customer_id,
    min(make_timestamptz(CAST(event_timestamp AS BIGINT))) FILTER (event_name = 'sign_up') AS signed_up_at,
    arg_min(geo.country, CAST(event_timestamp AS BIGINT)) AS country,
    arg_min(geo.region, CAST(event_timestamp AS BIGINT)) AS region,
    arg_min(geo.city, CAST(event_timestamp AS BIGINT)) AS city,
    arg_min(device.language, CAST(event_timestamp AS BIGINT)) AS language,
    arg_min(traffic_source.source || ' / ' || traffic_source.medium, CAST(event_timestamp AS BIGINT))
        AS acquisition_channel,
    make_timestamptz(min(CAST(event_timestamp AS BIGINT))) AS known_at
FROM events_raw
WHERE event_name <> 'refund'
GROUP BY ALL
