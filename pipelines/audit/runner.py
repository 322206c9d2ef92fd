"""Running every rule over the staged tables, and comparing an audit with the one before."""

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol, cast

import duckdb

from pipelines.audit import rules as rules_package
from pipelines.audit.finding import Finding, Found, Severity, one_number

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class Rule(Protocol):
    """A module of ``rules/``."""

    CODE: str
    TITLE: str
    SEVERITY: Severity
    TABLES: tuple[str, ...]

    def check(self, con: duckdb.DuckDBPyConnection, table: str) -> Found | None:
        """What the rule finds in one staged table; None if nothing."""
        ...


@dataclass(frozen=True)
class Change:
    """How a finding differs from the audit before: ``new``, ``gone`` or ``grown`` (in its share of the rows)."""

    code: str
    table: str
    change: Literal["new", "gone", "grown"]
    count: int
    before: int


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, by its code; a new file in ``rules/`` is enough to add one."""
    names = sorted(module.name for module in pkgutil.iter_modules(rules_package.__path__))
    found = [cast(Rule, importlib.import_module(f"{rules_package.__name__}.{name}")) for name in names]
    return tuple(sorted(found, key=lambda rule: rule.CODE))


def run_audit(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> list[Finding]:
    """Findings of every rule on every staged table it looks at: errors first, then by code and table."""
    con.execute("SET search_path = 'staged'")
    try:
        findings = [finding for table in sorted(tables) for finding in _audit_table(con, table)]
    finally:
        con.execute("SET search_path = 'main'")
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.code, f.table))


def _audit_table(con: duckdb.DuckDBPyConnection, table: str) -> list[Finding]:
    rows = one_number(con, f"SELECT count(*) FROM {table}")
    found = [(rule, rule.check(con, table)) for rule in rules() if table in rule.TABLES]
    return [
        Finding(rule.CODE, rule.TITLE, rule.SEVERITY, table, answer.count, rows, answer.examples)
        for rule, answer in found
        if answer is not None
    ]


def compare(before: Sequence[Finding], after: Sequence[Finding]) -> list[Change]:
    """What is new, gone or a larger share of its table than in the audit before."""
    old = {(finding.code, finding.table): finding for finding in before}
    new = {(finding.code, finding.table): finding for finding in after}
    changes = [Change(*key, "gone", 0, old[key].count) for key in old.keys() - new.keys()]
    changes += [Change(*key, "new", new[key].count, 0) for key in new.keys() - old.keys()]
    changes += [
        Change(*key, "grown", new[key].count, old[key].count)
        for key in new.keys() & old.keys()
        if _share(new[key]) > _share(old[key])
    ]
    return sorted(changes, key=lambda change: (change.code, change.table))


def _share(finding: Finding) -> float:
    return finding.count / max(finding.rows, 1)
