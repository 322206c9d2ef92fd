-- How to reach profiles, for whoever sends to them; nothing else opens this table. Delete it if Klaviyo alone sends.
-- Suppressed addresses may not be written to, whatever the consent says.
SELECT
    "Klaviyo ID" AS customer_id,
    "Email" AS email,
    "Phone Number" AS phone,
    "First Name" AS first_name,
    "Last Name" AS last_name,
    "Address" AS address_street,
    "Zip Code" AS address_postcode,
    "City" AS address_city,
    "State / Region" AS address_region,
    "Country" AS address_country,
    "Email Marketing Consent" = 'SUBSCRIBED' AND coalesce("Email Suppressions", '') IN ('', '[]') AS consent_email
FROM profiles_raw
