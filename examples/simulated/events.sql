-- What visitors do on the site and in the app; visitors who are not logged in have no customer number.
-- feature: what was used (feature_use), or, for views of pages that show what a visitor is thinking about, the page:
-- 'page:price', 'page:delivery' and 'page:returns'. Other page views have none. page: what was viewed, of any page view.
SELECT
    customer_no AS customer_id,
    happened_at AS at,
    event AS kind,
    visit AS session_id,
    sku AS product_id,
    coalesce(feature, 'page:' || page) AS feature,
    seconds AS duration_s,
    device AS channel,
    words AS query,
    address AS page,
    results AS results_n
FROM site
