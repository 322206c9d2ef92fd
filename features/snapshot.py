"""The features of everybody as of a date, looking back from it.

One definition (``features.definition``), carried out in three ways that agree to the last bit:

- ``snapshot(tables, as_of)``: one date, lazily, on any engine;
- ``snapshots(tables, cutoffs)``: many dates, what they have in common is computed once;
- ``live_snapshot(frames, as_of)``: a few customers' rows in memory, as the service receives them.

``feature_names(tables)`` are the columns.
"""

from features.definition import feature_names
from features.executors.live import live_snapshot
from features.executors.many import snapshots
from features.executors.one import snapshot

__all__ = ["feature_names", "live_snapshot", "snapshot", "snapshots"]
