"""Ids such as nan, unknown or guest: one invented customer with the history of many. Map them to NULL in the SQL."""

from pipelines.sql import quoted_list

CODE = "any.placeholder_customer"
TITLE = "Customers that look like a placeholder"
ADVICE = "Map these ids to NULL in the SQL: their lines are then rejected because they have no customer."
SEVERITY = "error"
TABLES = ("customers", "identities", "orders", "events", "touches", "feedback", "subscriptions", "contacts", "loyalty")
PLACEHOLDERS = ("nan", "null", "none", "na", "n/a", "unknown", "undefined", "guest", "anonymous", "test", "0", "-1")
WHERE = f"lower(customer_id) IN {quoted_list(PLACEHOLDERS)}"
