-- One row a person: the earliest of the customers that Stripe has under one e-mail address, and the country of the card
-- that paid last.
WITH cards AS (
    SELECT "Customer ID" AS customer, max_by("Card Issue Country", "Created date (UTC)") AS country
    FROM payments_raw
    WHERE "Card Issue Country" <> ''
    GROUP BY customer
)
SELECT
    coalesce(nullif(lower(trim("Email")), ''), "id") AS customer_id,
    min("Created (UTC)") AS signed_up_at,
    max_by(country, "Created (UTC)") AS country
FROM customers_raw LEFT JOIN cards ON cards.customer = customers_raw."id"
GROUP BY 1
