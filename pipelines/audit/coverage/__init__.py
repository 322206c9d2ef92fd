"""Coverage: which attributes are missing for whom, and which would be useful to ask for.

``coverage.json`` of an ingest says, for every attribute of customers and for every further table and its optional
columns, how many of the customers have it and which groups (by acquisition channel, country and tenure) lack it most.
For attributes it adds what they would be good for: the log-loss that a logistic regression on recency, frequency and
spend loses when it may also read the attribute ("who orders within 30 days?"), and how far the attribute differs
between low, middle and high spenders, both beside what chance gives. Protected attributes are counted and never
recommended.
"""

from pipelines.audit.coverage.coverage import coverage_of, write_coverage

__all__ = ["coverage_of", "write_coverage"]
