-- One row per order line. An order number that starts with R is a return; its quantities are negative.
-- booked_at is filled for lines that reached the shop's books days after they were ordered.
SELECT
    order_no AS order_id,
    customer_no AS customer_id,
    ordered_at AS at,
    sku AS product_id,
    qty AS quantity,
    unit_price,
    discount,
    channel,
    CASE WHEN order_no LIKE 'R%' THEN 'return' ELSE 'sale' END AS kind,
    booked_at AS known_at
FROM order_lines
