-- Where customers live, as their orders say: a new version of the profile with each order, known from that order on.
SELECT
    lower(trim(max("Email (Billing)"))) AS customer_id,
    max("Country Code (Billing)") AS country,
    max("State Code (Billing)") AS region,
    max("City (Billing)") AS city,
    max("Order Date") AS known_at
FROM orders_raw
GROUP BY "Order Number"
HAVING max("Email (Billing)") <> ''
