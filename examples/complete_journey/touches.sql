-- A campaign reaches its households by post on its first day; redeeming one of its coupons is the response to it.
SELECT
    household_id AS customer_id, start_date AS "at", campaign_id, 'ads' AS channel, 'sent' AS kind,
    NULL AS source_coupon_upc
FROM campaigns JOIN descriptions USING (campaign_id)
UNION ALL
SELECT household_id, redemption_date, campaign_id, 'ads', 'click', coupon_upc
FROM redemptions
