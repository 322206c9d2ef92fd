-- One row a product or variation. A variation takes its category and brand from its parent, which it names by SKU or by
-- "id:7". Of several categories the first is taken. Exports of WooCommerce before 9.6 have no Brands: leave brand out.
SELECT
    coalesce(nullif(product."SKU", ''), product."Name") AS product_id,
    product."Name" AS name,
    split_part(coalesce(nullif(product."Categories", ''), parent."Categories"), ',', 1) AS category,
    coalesce(nullif(product."Brands", ''), parent."Brands") AS brand,
    product."Regular price" AS price,
    replace(coalesce(nullif(product."Tags", ''), parent."Tags"), ', ', ';') AS tags
FROM products_raw AS product
LEFT JOIN products_raw AS parent ON product."Parent" IN (nullif(parent."SKU", ''), 'id:' || parent."ID")
WHERE product."Type" <> 'variable'
