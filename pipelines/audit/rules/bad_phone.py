"""Contacts whose telephone number has fewer than 7 or more than 15 digits. Numbers are never shown."""

CODE = "contacts.bad_phone"
TITLE = "Telephone numbers that cannot be any"
ADVICE = "Return the number with its country code, and check that a spreadsheet did not round it."
NEEDS = ("phone",)
WHERE = "reason IS NULL AND length(regexp_replace(phone, '[^0-9]', '', 'g')) NOT BETWEEN 7 AND 15"
