-- One row a contact, with the company that is associated first. Sizes and turnovers become bands, because few companies
-- share a number. The profile is that of today; HubSpot exports no history. Older accounts call the source of a contact
-- "Original Source", newer ones "Original Traffic Source".
WITH companies AS (
    SELECT
        "Record ID" AS company_id,
        "Industry" AS sector,
        TRY_CAST(replace("Number of Employees", ',', '') AS DOUBLE) AS employees,
        TRY_CAST(replace("Annual Revenue", ',', '') AS DOUBLE) AS turnover
    FROM companies_raw
)
SELECT
    "Record ID" AS customer_id,
    "Create Date" AS signed_up_at,
    "Country/Region" AS country,
    "State/Region" AS region,
    "City" AS city,
    COLUMNS('(?i)^Original (Traffic )?Source$') AS acquisition_channel,
    company_id,
    CASE
        WHEN employees < 11 THEN '1-10'
        WHEN employees < 51 THEN '11-50'
        WHEN employees < 251 THEN '51-250'
        WHEN employees < 1001 THEN '251-1000'
        WHEN employees >= 1001 THEN '1001+'
    END AS company_size,
    sector,
    CASE
        WHEN turnover < 1e6 THEN 'Under 1M'
        WHEN turnover < 1e7 THEN '1M-10M'
        WHEN turnover < 1e8 THEN '10M-100M'
        WHEN turnover >= 1e8 THEN '100M+'
    END AS turnover_band,
    "Job Title" AS contact_function,
    "Lifecycle Stage" AS status
FROM contacts_raw LEFT JOIN companies ON companies.company_id = split_part("Associated Company IDs", ';', 1)
