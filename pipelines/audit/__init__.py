"""The audit: what is odd in the rows a source returned, rule by rule, before anything is repaired or rejected.

A rule is one file in ``rules/``, found by scanning it::

    CODE = "orders.price_not_positive"      # unique, starts with a table's name or "any."
    TITLE = "Order lines with a price of zero or less"
    ADVICE = "Set zero_price = \"keep\" if ..."  # one sentence: what to do
    SEVERITY = "warning"                    # note: good to know; warning: costs rows; error: answers will be wrong
    TABLES = ("orders",)                    # tables it looks at
    NEEDS = ("discount", "customers.country", "events", "profiles.before")  # without these it does not apply

    def check(con, table):                  # con: DuckDB, search path on the staged tables; table: one of TABLES
        return rows_where(con, table, "unit_price <= 0", show=("order_id", "product_id", "unit_price"))

A check returns a :class:`~pipelines.audit.finding.Found` (count, at most five examples) or None. It is asked only where
it applies: ``NEEDS`` names columns of the table itself, columns of other tables, or whole tables that the source must
return; ``profiles.before`` is the profile of the ingest before (:mod:`pipelines.audit.profile`). Staged tables have the
columns of :mod:`pipelines.sources.stage`; ``getvariable('present')`` is the moment from which on rows are in the
future. Examples never hold columns about a person; :func:`rows_where` refuses them.
"""

from pipelines.audit.finding import Finding, Found, rows_where
from pipelines.audit.profile import recall, write_profile
from pipelines.audit.runner import Change, compare, not_applicable, rules, run_audit

__all__ = [
    "Change", "Finding", "Found", "compare", "not_applicable", "recall", "rows_where", "rules", "run_audit",
    "write_profile",
]  # fmt: skip
