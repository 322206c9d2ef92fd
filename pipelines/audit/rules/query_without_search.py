"""Words searched for on an event that is no search: features by search do not see them."""

CODE = "events.query_without_search"
TITLE = "Search words on events that are no search"
ADVICE = "Map the event that carries the words to the kind search in events.sql."
SEVERITY = "note"
NEEDS = ("query",)
WHERE = "reason IS NULL AND query IS NOT NULL AND kind <> 'search'"
SHOW = ("kind",)
