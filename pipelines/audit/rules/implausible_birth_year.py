"""Birth years that nobody alive can have: placeholders such as 1900 or two-digit years."""

CODE = "customers.implausible_birth_year"
TITLE = "Birth years that nobody alive can have"
ADVICE = "Map placeholder years to NULL in customers.sql."
NEEDS = ("birth_year",)
WHERE = "birth_year < 1900 OR birth_year > 2100"
