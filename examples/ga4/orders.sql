-- Purchases and refunds, one row an item. A purchase that is sent twice (the last page of the shop was loaded again) is
-- read once. A refund that lists no items takes back all of its purchase; it belongs to whoever bought, because shops
-- send refunds from a server that knows no visitor.
WITH transactions AS (
    SELECT
        event_name,
        customer_id,
        happened_at,
        device.category AS channel,
        list_filter(params, lambda p: p.key = 'transaction_id')[1].value.string_value AS order_id,
        items AS lines
    FROM _events
    WHERE event_name IN ('purchase', 'refund')
), purchases AS (
    FROM transactions
    WHERE event_name = 'purchase'
    QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY happened_at) = 1
), sold AS (
    SELECT order_id, customer_id, happened_at, channel, 'sale' AS kind, NULL AS original_order_id, unnest(lines) AS line
    FROM purchases
    UNION ALL
    SELECT
        order_id, purchases.customer_id, refunds.happened_at, purchases.channel, 'return', order_id,
        unnest(CASE WHEN len(refunds.lines) > 0 THEN refunds.lines ELSE purchases.lines END)
    FROM transactions AS refunds JOIN purchases USING (order_id)
    WHERE refunds.event_name = 'refund'
)
SELECT
    order_id,
    customer_id,
    happened_at AS "at",
    line.item_id AS product_id,
    line.quantity AS quantity,
    coalesce(line.price_in_usd, line.price) AS unit_price,
    channel,
    kind,
    original_order_id
FROM sold
