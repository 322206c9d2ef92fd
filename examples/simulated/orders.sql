-- One row an order line. An order number that starts with R sends goods back; its quantities are negative.
SELECT
    order_no AS order_id,
    customer_no AS customer_id,
    ordered_at AS at,
    sku AS product_id,
    qty AS quantity,
    unit_price,
    discount,
    channel,
    CASE WHEN order_no LIKE 'R%' THEN 'return' ELSE 'sale' END AS kind
FROM order_lines
