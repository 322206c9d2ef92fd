-- How to reach the customers, as they registered: a vault that no feature, model, log or page sees.
SELECT
    customer_no AS customer_id,
    nullif(email, 'none') AS email,
    phone,
    first_name,
    last_name,
    street AS address_street,
    town AS address_city,
    country AS address_country,
    email_agreed AS consent_email,
    sms_agreed AS consent_sms
FROM addresses
