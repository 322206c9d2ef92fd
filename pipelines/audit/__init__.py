"""The audit: what is odd in the rows a source returned, rule by rule, before anything is repaired or rejected.

A rule is one file in ``rules/``, found by scanning it::

    CODE = "orders.price_not_positive"      # unique, starts with a table's name or "any."
    TITLE = "Order lines with a price of zero or less"
    SEVERITY = "warning"                    # note: good to know; warning: costs rows; error: answers will be wrong
    TABLES = ("orders",)                    # tables it looks at

    def check(con, table):                  # con: DuckDB, search path on the staged tables; table: one of TABLES
        return rows_where(con, table, "unit_price <= 0", show=("order_id", "product_id", "unit_price"))

A check returns a :class:`~pipelines.audit.finding.Found` (count, at most five examples) or None. Staged tables have the
columns of :mod:`pipelines.sources.stage`. Examples never hold columns about a person; :func:`rows_where` refuses them.
"""

from pipelines.audit.finding import Finding, Found, rows_where
from pipelines.audit.runner import Change, compare, rules, run_audit

__all__ = ["Change", "Finding", "Found", "compare", "rows_where", "rules", "run_audit"]
