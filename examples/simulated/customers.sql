-- The register of customers. A birth year nobody can read is no reason to lose the customer.
SELECT
    customer_no AS customer_id,
    registered_at AS signed_up_at,
    CASE WHEN regexp_full_match(birth_year, '[0-9]+') THEN birth_year END AS birth_year,
    gender,
    income_band,
    family_status,
    education,
    country,
    town AS city,
    urbanity,
    language,
    interests,
    reached_by AS acquisition_channel,
    sector,
    company_size,
    contact_function,
    newsletter AS consent,
    registered_at AS known_at
FROM register
