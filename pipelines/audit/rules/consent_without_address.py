"""Customers who agreed to be written to and whose address for it is missing."""

CODE = "contacts.consent_without_address"
TITLE = "Customers who agreed to e-mails and have no address"
ADVICE = "Return the address of everybody who agreed, or look for a form that does not store it."
SEVERITY = "note"
NEEDS = ("email", "consent_email")
WHERE = "reason IS NULL AND consent_email AND email IS NULL"
