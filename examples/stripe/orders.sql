-- One row a payment that succeeded, subscriptions included, and one for what was paid back of it, as a share of it.
-- Failed, uncaptured and abandoned payments are no sales. Several currencies become one: the amount Stripe converted.
-- The export names no product, so none is returned; if Description is one in yours, add "Description" AS product_id.
WITH paid AS (
    SELECT
        "id" AS payment,
        coalesce(nullif(lower(trim("Customer Email")), ''), "Customer ID") AS customer_id,
        "Created date (UTC)" AS paid_at,
        coalesce(nullif("Converted Amount", ''), "Amount") AS amount,
        "Refunded date (UTC)" AS refunded_at,
        TRY_CAST("Amount Refunded" AS DOUBLE) / nullif(TRY_CAST("Amount" AS DOUBLE), 0) AS share_refunded,
        "Currency" AS currency
    FROM payments_raw
    WHERE "Status" IN ('Paid', 'Refunded', 'Partially refunded')
)
SELECT
    payment AS order_id,
    customer_id,
    paid_at AS "at",
    1 AS quantity,
    amount AS unit_price,
    'sale' AS kind,
    NULL AS original_order_id,
    currency AS source_currency
FROM paid
UNION ALL
SELECT payment, customer_id, refunded_at, share_refunded, amount, 'return', payment, currency
FROM paid
WHERE share_refunded > 0
