-- What the shop received for a line is sales_value; before it come the loyalty discount and the matched coupon.
-- A coupon of the manufacturer (coupon_disc) is money the shop still gets, so it is no discount of the shop's.
-- Fuel is rung up in thousandths of a gallon; at 2.40 a gallon that shows.
WITH lines AS (
    SELECT
        t.*,
        CASE WHEN p.product_type LIKE 'GASOLINE%' AND t.quantity >= 100 THEN t.quantity / 1000.0 ELSE t.quantity END
            AS units
    FROM transactions AS t
    LEFT JOIN products_raw AS p USING (product_id)
)
SELECT
    basket_id AS order_id,
    household_id AS customer_id,
    transaction_timestamp AS "at",
    product_id,
    units AS quantity,
    (sales_value + retail_disc + coupon_match_disc) / CASE WHEN units > 0 THEN units ELSE 1 END AS unit_price,
    retail_disc + coupon_match_disc AS discount,
    'store' AS channel,
    'sale' AS kind,
    store_id AS source_store_id
FROM lines
