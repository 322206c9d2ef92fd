-- What Klaviyo's script on the site saw of people whom it knew.
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
FROM _events
WHERE metric IN ('Active on Site', 'Viewed Product', 'Added to Cart', 'Started Checkout')
