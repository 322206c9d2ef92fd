-- What visitors do on the site and in the app; visitors who are not logged in have no customer number.
SELECT
    customer_no AS customer_id,
    happened_at AS at,
    event AS kind,
    visit AS session_id,
    sku AS product_id,
    seconds AS duration_s,
    device AS channel
FROM site
