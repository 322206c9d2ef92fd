"""The audit: what is odd in the rows a source returned, rule by rule, before anything is repaired or rejected.

A rule is one file in ``rules/``, found by scanning that folder. A rule about single rows is a condition::

    \"\"\"Discounts below zero: surcharges, or a sign turned around. They are rejected.\"\"\"   # what it means

    CODE = "orders.negative_discount"       # unique, begins with a table's name or "any."
    TITLE = "Order lines with a discount below zero"
    ADVICE = "Turn the sign around in orders.sql."   # one sentence: what to do
    SEVERITY = "warning"                    # note: good to know; warning: costs rows; error: answers will be wrong
    NEEDS = ("discount",)                   # without these it does not apply
    WHERE = "discount < 0"
    SHOW = ("order_id", "discount")         # columns of its examples

A rule that compares rows, tables or ingests defines ``check(con, table)`` instead and returns a
:class:`~pipelines.audit.finding.Found` (count, at most five examples) or None. :class:`~pipelines.audit.rule.Rule` says
what may be left out. Staged tables have the columns of :mod:`pipelines.sources.stage`; ``getvariable('present')`` is
the moment from which on rows are in the future. ``rows_where`` refuses to show columns about a person.
"""

from pipelines.audit.finding import Finding, Found, rows_where, worst
from pipelines.audit.rule import Rule, all_rules
from pipelines.audit.runner import Change, compare, findings_of, not_applicable, run_audit
from pipelines.audit.statistics import recall, take_statistics, write_statistics

__all__ = [
    "Change",
    "Finding",
    "Found",
    "Rule",
    "all_rules",
    "compare",
    "findings_of",
    "not_applicable",
    "recall",
    "rows_where",
    "run_audit",
    "take_statistics",
    "worst",
    "write_statistics",
]
