-- Demographics are known for a third of the households. Age is a band, so no year of birth can be given.
SELECT
    household_id AS customer_id,
    income AS income_band,
    income AS attr_income,
    marital_status AS family_status,
    age AS attr_age_band,
    home_ownership AS attr_home_ownership,
    household_size AS attr_household_size,
    household_comp AS attr_household_composition,
    kids_count AS attr_kids
FROM demographics
