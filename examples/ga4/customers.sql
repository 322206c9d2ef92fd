-- Where visitors were and what brought them, as their first event says it. Refunds come from a server, not a visitor.
SELECT
    customer_id,
    min(happened_at) FILTER (event_name = 'sign_up') AS signed_up_at,
    arg_min(place.country, happened_at) AS country,
    arg_min(place.region, happened_at) AS region,
    arg_min(place.city, happened_at) AS city,
    arg_min(device.language, happened_at) AS language,
    arg_min(brought_by.source || ' / ' || brought_by.medium, happened_at) AS acquisition_channel,
    min(happened_at) AS known_at
FROM _events
WHERE event_name <> 'refund'
GROUP BY ALL
