-- The grocer's product category; the department where a product has none.
SELECT
    product_id,
    product_type AS name,
    coalesce(product_category, department) AS category,
    brand
FROM products_raw
