-- One row an item. The plug-in can leave the columns of an order blank below its first line: they are filled down.
-- Sales are orders that were paid; cash on delivery is 'on hold' until it is. Cancelled, failed, pending and wholly
-- refunded orders are no sales. Of refunds the export knows the pieces (Quantity (- Refund)) and no date, so what was
-- taken back is left out of the sale, and an item taken back entirely is no row.
WITH items AS (
    SELECT
        "Order Number" AS order_id,
        lower(max("Order Status") OVER whole) AS status,
        max("Order Date") OVER whole AS ordered_at,
        lower(trim(max("Email (Billing)") OVER whole)) AS email,
        TRY_CAST(max("Cart Discount Amount") OVER whole AS DOUBLE) AS order_discount,
        "Item #" AS item,
        coalesce(nullif("SKU", ''), "Item Name") AS product_id,
        "Quantity (- Refund)" AS quantity,
        "Item Cost" AS cost,
        TRY_CAST("Quantity (- Refund)" AS DOUBLE) AS units,
        TRY_CAST("Quantity (- Refund)" AS DOUBLE) * TRY_CAST("Item Cost" AS DOUBLE) AS paid
    FROM orders_raw
    WINDOW whole AS (PARTITION BY "Order Number")
), discounted AS (
    -- Item Cost is what one piece cost after coupons. The items share the coupons of their order by what was paid.
    SELECT *, nullif(order_discount * paid / nullif(sum(paid) OVER (PARTITION BY order_id), 0), 0) AS discount
    FROM items
    WHERE status IN ('completed', 'processing', 'terminée', 'en cours') AND units IS DISTINCT FROM 0
)
SELECT
    order_id,
    email AS customer_id,
    ordered_at AS "at",
    product_id,
    quantity,
    CASE WHEN discount IS NULL THEN cost ELSE CAST((paid + discount) / units AS VARCHAR) END AS unit_price,
    discount,
    'web' AS channel,
    'sale' AS kind,
    item AS source_item
FROM discounted
