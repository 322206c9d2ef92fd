"""Events with a duration below zero: the difference between two clocks. The row stays, its duration is emptied."""

from pipelines.sources.impossible import IMPOSSIBLE

CODE = "events.negative_duration"
TITLE = "Events that took less than no time"
ADVICE = "Return NULL for durations below zero, and have the clocks compared."
NEEDS = ("duration_s",)
WHERE = IMPOSSIBLE["events", "duration_s"]
SHOW = ("kind", "duration_s")
