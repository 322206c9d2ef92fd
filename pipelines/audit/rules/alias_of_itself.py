"""alias_id and customer_id are the same."""

CODE = "identities.alias_of_itself"
TITLE = "Ids that are an alias of themselves"
ADVICE = "Leave these rows out in identities.sql; they say nothing."
SEVERITY = "note"
WHERE = "alias_id = customer_id"
