"""What an audit rule is: one module of ``rules/``, found by scanning that folder."""

from functools import cache
from typing import Protocol

import duckdb

from features.plugins import default, plugins
from features.tables import TABLES
from pipelines.audit.finding import Found, Severity, rows_where

ANY = "any"


class Rule(Protocol):
    """A module of ``rules/``; its docstring says on the page what the finding means.

    ``CODE`` is unique and begins with the name of a table, or with ``any``. ``ADVICE`` is one sentence: what to do.
    ``SEVERITY`` "note" is good to know, "warning" costs rows, "error" makes answers wrong. ``TABLES`` are the tables
    that are checked; empty: the table in ``CODE``, or all for ``any``. ``NEEDS`` names columns of the checked table,
    ``table.column`` of another, or whole tables, without which the rule does not apply; ``statistics.before`` are the
    column statistics of the ingest before. A rule about single rows is a condition: ``WHERE``, with the columns that
    its examples ``SHOW``. Any other defines ``check``.
    """

    CODE: str
    TITLE: str
    ADVICE: str
    SEVERITY: Severity = "warning"
    TABLES: tuple[str, ...] = ()
    NEEDS: tuple[str, ...] = ()
    WHERE: str = ""
    SHOW: tuple[str, ...] = ()

    @default
    def check(self, con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
        """What the rule finds in one staged table, null if nothing; the search path leads to the staged tables."""
        return rows_where(con, table, self.WHERE, self.SHOW)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by its code; a new file in ``rules/`` is enough to add one."""
    return tuple(sorted(plugins("pipelines.audit.rules", Rule).values(), key=lambda rule: rule.CODE))


def tables_of(rule: Rule) -> tuple[str, ...]:
    """Tables that the rule checks."""
    of_code = rule.CODE.partition(".")[0]
    return rule.TABLES or (tuple(TABLES) if of_code == ANY else (of_code,))
