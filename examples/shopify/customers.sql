-- The profile as it is today, under the id that orders have: the e-mail address, else the phone number. An apostrophe
-- before a number is for spreadsheets. The export does not say since when a profile holds, or when somebody signed up.
SELECT
    coalesce(nullif(lower(trim("Email")), ''), ltrim("Phone", '''')) AS customer_id,
    "Default Address Country Code" AS country,
    "Default Address Province Code" AS region,
    "Default Address City" AS city,
    "Accepts Email Marketing" AS consent,
    "Tags" AS attr_tags
FROM customers_raw
