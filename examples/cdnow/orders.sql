-- One row per purchase of some CDs. Published analyses count days with a purchase, so a day is an order
-- and its purchases are lines; two equal purchases on one day are two (source_line tells them apart).
SELECT
    sample_id || '-' || replace(left(CAST("date" AS VARCHAR), 10), '-', '') AS order_id,
    sample_id AS customer_id,
    "date" AS "at",
    'cd' AS product_id,
    number_of_cds AS quantity,
    TRY_CAST(dollar_value AS DOUBLE) / nullif(TRY_CAST(number_of_cds AS DOUBLE), 0) AS unit_price,
    'sale' AS kind,
    dollar_value AS source_dollar_value,
    row_number() OVER (PARTITION BY sample_id, "date", number_of_cds, dollar_value) AS source_line
FROM purchases
