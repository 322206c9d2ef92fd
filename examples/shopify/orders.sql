-- One row an order line. Only the first line of an order says whose it is, what was paid and when; the lines below
-- repeat its Name, so each value of the order is filled down by Name.
-- A sale is an order that was paid. Orders that are pending, authorized, expired or voided (most cancelled ones) are no
-- sales; if your customers pay on delivery, add 'pending' to the statuses in `paid`.
-- What was paid back is a return, dated by the export of transactions. It does not say which lines were taken back, so
-- all lines of the order share it. Without that export there are no returns.
WITH rates(currency, rate) AS (
    -- What one unit is worth in the shop's currency. Lines in another currency are rejected (missing_unit_price).
    VALUES ('USD', 1.0), ('EUR', 1.08), ('CAD', 0.73)
), filled AS (
    SELECT
        "Name" AS order_id,
        max("Email") OVER whole AS email,
        max("Phone") OVER whole AS phone,
        max("Financial Status") OVER whole AS status,
        max("Currency") OVER whole AS currency,
        max("Created at") OVER whole AS created_at,
        max("Source") OVER whole AS channel,
        TRY_CAST(max("Total") OVER whole AS DOUBLE) AS total,
        TRY_CAST(max("Subtotal") OVER whole AS DOUBLE) AS subtotal,
        TRY_CAST(max("Discount Amount") OVER whole AS DOUBLE) AS order_discount,
        coalesce(nullif("Lineitem sku", ''), "Lineitem name") AS product_id,
        "Lineitem quantity" AS quantity,
        "Lineitem price" AS price,
        coalesce(TRY_CAST("Lineitem discount" AS DOUBLE), 0) AS line_discount,
        -- Equal lines of one order are units added one by one. An order has one first line in each file that holds it.
        row_number() OVER same AS copy,
        count(*) OVER same AS copies,
        count(*) FILTER ("Financial Status" <> '') OVER whole AS files
    FROM orders_raw
    WINDOW
        whole AS (PARTITION BY "Name"),
        same AS (
            PARTITION BY "Name", "Lineitem sku", "Lineitem name", "Lineitem quantity", "Lineitem price",
                "Lineitem discount"
        )
), once AS (
    SELECT *, TRY_CAST(quantity AS DOUBLE) * TRY_CAST(price AS DOUBLE) - line_discount AS line_amount
    FROM filled
    WHERE copy <= greatest(copies // greatest(files, 1), 1)
), shared AS (
    -- The lines share the discount of the whole order by their amounts. It is at most what the subtotal lacks, because
    -- Discount Amount counts free shipping too.
    SELECT
        *,
        line_discount + coalesce(line_amount / nullif(sum(line_amount) OVER whole, 0) * greatest(least(
            order_discount - sum(line_discount) OVER whole, sum(line_amount) OVER whole - subtotal), 0), 0) AS discount
    FROM once
    WINDOW whole AS (PARTITION BY order_id)
), paid AS (
    SELECT
        *,
        coalesce(nullif(lower(trim(email)), ''), ltrim(phone, '''')) AS customer_id,
        -- An unreadable price stays as it is, so that the reject shows it.
        CASE WHEN rate IS NOT NULL THEN coalesce(CAST(TRY_CAST(price AS DOUBLE) * rate AS VARCHAR), price) END
            AS unit_price
    FROM shared LEFT JOIN rates USING (currency)
    WHERE status IN ('paid', 'partially_paid', 'partially_refunded', 'refunded')
), refunds AS (
    SELECT "Name" AS order_id, "Created At" AS refunded_at, TRY_CAST("Amount" AS DOUBLE) AS refunded
    FROM transactions_raw
    WHERE "Kind" = 'refund' AND "Status" = 'success'
)
SELECT
    order_id,
    customer_id,
    created_at AS "at",
    product_id,
    quantity,
    unit_price,
    nullif(discount, 0) * rate AS discount,
    channel,
    'sale' AS kind,
    NULL AS original_order_id,
    currency AS source_currency,
    copy AS source_line
FROM paid
UNION ALL
SELECT
    order_id,
    customer_id,
    refunded_at,
    product_id,
    CAST(TRY_CAST(quantity AS DOUBLE) * least(refunded / total, 1) AS VARCHAR),
    unit_price,
    nullif(discount, 0) * rate * least(refunded / total, 1),
    channel,
    'return',
    order_id,
    currency,
    copy
FROM paid JOIN refunds USING (order_id)
