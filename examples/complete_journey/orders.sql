-- sales_value is what the shop received for a line, after the loyalty discount and the matched coupon.
-- A coupon of the manufacturer (coupon_disc) is paid to the shop by the manufacturer, so it is not a discount of the shop.
-- Quantities of fuel are thousandths of a gallon, as its price of 2.40 per gallon shows.
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
