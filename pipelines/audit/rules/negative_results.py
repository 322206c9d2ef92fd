"""Searches that found fewer than no results: a code for a failure. The number is emptied."""

from pipelines.sources.impossible import IMPOSSIBLE

CODE = "events.negative_results"
TITLE = "Searches with a negative number of results"
ADVICE = "Return NULL where the number of results is not known."
NEEDS = ("results_n",)
WHERE = IMPOSSIBLE["events", "results_n"]
SHOW = ("kind", "results_n")
