"""Rows that no customer can be credited with: guests, tills, corrections. They are rejected."""

CODE = "any.missing_customer"
TITLE = "Rows without a customer"
ADVICE = "Find out whether these are guests; if an id was lost on the way, export it."
TABLES = ("customers", "identities", "orders", "events", "touches", "feedback", "subscriptions", "contacts", "loyalty")
WHERE = "customer_id IS NULL"
