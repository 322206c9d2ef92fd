-- One row a variant; only the first line of a product has its title, so it is filled down by Handle.
-- Lines without a price are further pictures of the product.
SELECT
    coalesce(nullif("Variant SKU", ''), max("Title") OVER whole) AS product_id,
    max("Title") OVER whole AS name,
    max("Type") OVER whole AS category,
    max("Vendor") OVER whole AS brand,
    "Variant Price" AS price,
    "Cost per item" AS unit_cost,
    replace(max("Tags") OVER whole, ', ', ';') AS tags
FROM products_raw
WINDOW whole AS (PARTITION BY "Handle")
QUALIFY "Variant Price" <> ''
