-- Two versions of a contact: since it opted in, and since it unsubscribed. Only the file of unsubscribed contacts has
-- UNSUB_TIME; addresses that Mailchimp cleaned because mail to them bounces had agreed all the same.
SELECT
    md5(lower(trim("Email Address"))) AS customer_id,
    coalesce(nullif("OPTIN_TIME", ''), "CONFIRM_TIME") AS signed_up_at,
    "CC" AS country,
    "REGION" AS region,
    true AS consent,
    "TAGS" AS attr_tags,
    coalesce(nullif("OPTIN_TIME", ''), "CONFIRM_TIME") AS known_at
FROM members_raw
UNION ALL
SELECT
    md5(lower(trim("Email Address"))),
    coalesce(nullif("OPTIN_TIME", ''), "CONFIRM_TIME"),
    "CC",
    "REGION",
    false,
    "TAGS",
    "UNSUB_TIME"
FROM members_raw
WHERE "UNSUB_TIME" <> ''
