-- Orders as Klaviyo's guide asks platforms to send them: Placed Order and Refunded Order with OrderId, Items and
-- DiscountValue, which the items share by their amounts. Cancelled Order takes back all items too.
-- If a built-in integration (Shopify, WooCommerce, ...) sends your orders, export them from the shop instead: what such
-- an integration sends differs between shops.
WITH listed AS (
    SELECT
        customer_id,
        happened_at,
        property.OrderId AS order_id,
        metric,
        property.DiscountValue AS order_discount,
        unnest(property.Items) AS line
    FROM _events
    WHERE metric IN ('Placed Order', 'Refunded Order', 'Cancelled Order')
), amounts AS (
    SELECT *, TRY_CAST(line.Quantity AS DOUBLE) * TRY_CAST(line.ItemPrice AS DOUBLE) AS amount
    FROM listed
)
SELECT
    order_id,
    customer_id,
    happened_at AS "at",
    line.ProductID AS product_id,
    line.Quantity AS quantity,
    line.ItemPrice AS unit_price,
    nullif(order_discount * amount / nullif(sum(amount) OVER (PARTITION BY order_id, metric, happened_at), 0), 0)
        AS discount,
    CASE WHEN metric = 'Placed Order' THEN 'sale' ELSE 'return' END AS kind,
    CASE WHEN metric <> 'Placed Order' THEN order_id END AS original_order_id
FROM amounts
