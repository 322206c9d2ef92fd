"""A birth year that makes a customer a small child, or unborn, at the sign-up."""

CODE = "customers.born_after_signing_up"
TITLE = "Customers who signed up before they were ten"
ADVICE = "Map birth years that cannot be right to NULL in customers.sql."
NEEDS = ("birth_year", "signed_up_at")
WHERE = "birth_year BETWEEN 1900 AND 2100 AND birth_year > year(signed_up_at) - 10"
