"""A small engine for few rows: a Polars plan, carried out on numpy arrays without the overhead of a query engine.

``plan.py`` translates the plan that the families' expressions make on Polars into a ``Program``, a list of operations
on columns; ``docs/decisions/live-histories.md`` says why. An operation that is not translated raises ``Untranslated``.
"""
