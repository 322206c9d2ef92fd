-- How to reach contacts, for whoever sends to them; nothing else opens this table. Delete it if HubSpot alone sends.
-- The export says of nobody that marketing may write, so nothing is said here.
SELECT
    "Record ID" AS customer_id,
    "Email" AS email,
    "Phone Number" AS phone,
    "First Name" AS first_name,
    "Last Name" AS last_name,
    "City" AS address_city,
    "State/Region" AS address_region,
    "Country/Region" AS address_country
FROM contacts_raw
