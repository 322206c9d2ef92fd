-- The register of customers, one row per version of a profile: a new one is written when a customer reports a change
-- (moved, agreed to marketing or no longer, first bought). An unreadable birth year becomes null; the row stays.
SELECT
    customer_no AS customer_id,
    registered_at AS signed_up_at,
    CASE WHEN regexp_full_match(birth_year, '[0-9]+') THEN birth_year END AS birth_year,
    birth_year AS source_birth_year,
    gender,
    income_band,
    family_status,
    education,
    country,
    region,
    town AS city,
    urbanity,
    language,
    interests,
    reached_by AS acquisition_channel,
    company_no AS company_id,
    company_size,
    sector,
    turnover AS turnover_band,
    contact_function,
    status,
    newsletter AS consent,
    recorded_at AS known_at
FROM register
