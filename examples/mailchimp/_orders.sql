-- Every order of the connected shops.
WITH pages AS (
    SELECT unnest(from_json(to_json(orders), '[{
        "id": "VARCHAR", "customer": {"email_address": "VARCHAR"}, "store_id": "VARCHAR",
        "financial_status": "VARCHAR", "discount_total": "DOUBLE",
        "processed_at_foreign": "VARCHAR", "updated_at_foreign": "VARCHAR",
        "lines": [{
            "product_id": "VARCHAR", "product_title": "VARCHAR", "quantity": "VARCHAR", "price": "VARCHAR",
            "discount": "DOUBLE"
        }]
    }]')) AS "order"
    FROM orders_raw
)
SELECT
    "order".store_id || '-' || "order".id AS order_id,
    md5(lower(trim("order".customer.email_address))) AS customer_id,
    "order".processed_at_foreign AS ordered_at,
    "order".updated_at_foreign AS changed_at,
    lower("order".financial_status) AS status,
    "order".discount_total AS order_discount,
    unnest("order".lines) AS line
FROM pages
