-- Orders of the shops connected to Mailchimp, one row a line. Pending and cancelled orders are no sales. A refunded
-- order is taken back as a whole when it was last changed; what was refunded of another is not told. The lines share
-- the discount of the whole order that is not a discount of a line.
WITH amounts AS (
    SELECT
        *,
        coalesce(line.discount, 0) AS line_discount,
        TRY_CAST(line.quantity AS DOUBLE) * TRY_CAST(line.price AS DOUBLE) - coalesce(line.discount, 0) AS amount
    FROM _orders
    WHERE status IN ('paid', 'partially_paid', 'partially_refunded', 'refunded')
), shared AS (
    SELECT
        *,
        line_discount + coalesce(greatest(order_discount - sum(line_discount) OVER whole, 0)
            * amount / nullif(sum(amount) OVER whole, 0), 0) AS discount
    FROM amounts
    WINDOW whole AS (PARTITION BY order_id)
)
SELECT
    order_id,
    customer_id,
    ordered_at AS "at",
    line.product_id AS product_id,
    line.quantity AS quantity,
    line.price AS unit_price,
    nullif(discount, 0) AS discount,
    'sale' AS kind,
    NULL AS original_order_id
FROM shared
UNION ALL
SELECT
    order_id, customer_id, changed_at, line.product_id, line.quantity, line.price, nullif(discount, 0), 'return',
    order_id
FROM shared
WHERE status = 'refunded'
