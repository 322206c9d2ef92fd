"""Contacts whose e-mail address cannot be one: no message would arrive. Addresses are never shown."""

CODE = "contacts.bad_email"
TITLE = "E-mail addresses that cannot be any"
ADVICE = "Map the column that has the address in contacts.sql, and have the shop ask these customers again."
NEEDS = ("email",)
WHERE = r"""reason IS NULL AND NOT regexp_full_match(email, '[^@\s]+@[^@\s]+\.[^@\s.]+')"""
