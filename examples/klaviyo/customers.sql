-- Two versions of a profile: as it was made, and since its consent for e-mail was last given or withdrawn. What the
-- consent was before is not known.
SELECT
    "Klaviyo ID" AS customer_id,
    "Profile Created On" AS signed_up_at,
    "Country" AS country,
    "State / Region" AS region,
    "City" AS city,
    "Source" AS acquisition_channel,
    CASE
        WHEN "Email Marketing Consent" = 'NEVER_SUBSCRIBED' THEN false
        WHEN "Email Marketing Consent Timestamp" <= "Profile Created On" THEN "Email Marketing Consent" = 'SUBSCRIBED'
    END AS consent,
    "Profile Created On" AS known_at
FROM profiles_raw
UNION ALL
SELECT
    "Klaviyo ID",
    "Profile Created On",
    "Country",
    "State / Region",
    "City",
    "Source",
    "Email Marketing Consent" = 'SUBSCRIBED',
    "Email Marketing Consent Timestamp"
FROM profiles_raw
WHERE "Email Marketing Consent Timestamp" > "Profile Created On"
