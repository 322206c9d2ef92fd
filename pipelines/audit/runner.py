"""Running every rule over the staged tables, and comparing an audit with the one before."""

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol, cast

import duckdb

from features.tables import TABLES
from pipelines.audit import rules as rules_package
from pipelines.audit.finding import Finding, Found, Severity
from pipelines.audit.profile import Given, given_columns, take_profile
from pipelines.sql import one_number, search_path

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class Rule(Protocol):
    """A module of ``rules/``."""

    CODE: str
    TITLE: str
    ADVICE: str
    SEVERITY: Severity
    TABLES: tuple[str, ...]
    NEEDS: tuple[str, ...]

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


def run_audit(
    con: duckdb.DuckDBPyConnection, tables: Iterable[str], only: Sequence[Rule] | None = None
) -> list[Finding]:
    """Findings of every rule, or of some, on every staged table they apply to: errors first, then by code and table."""
    asked = rules() if only is None else only
    names = sorted(tables)
    take_profile(con, names)
    given = given_columns(con)
    with search_path(con, "staged"):
        findings = [finding for table in names for finding in _audit_table(con, table, given, asked)]
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.code, f.table))


def not_applicable(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, list[str]]]:
    """Rules that were not asked, by code and table: what the source does not return that they need."""
    given = given_columns(con)
    lacks = {rule.CODE: {table: _lacking(rule, table, given) for table in rule.TABLES} for rule in rules()}
    return {
        code: {table: needed for table, needed in of_table.items() if needed}
        for code, of_table in lacks.items()
        if any(of_table.values())
    }


def _audit_table(con: duckdb.DuckDBPyConnection, table: str, given: Given, asked: Sequence[Rule]) -> list[Finding]:
    rows = one_number(con, f'SELECT count(*) FROM "{table}"')
    applied = [rule for rule in asked if table in rule.TABLES and not _lacking(rule, table, given)]
    found = [(rule, rule.check(con, table)) for rule in applied]
    return [
        Finding(rule.CODE, rule.TITLE, rule.SEVERITY, table, answer.count, rows, answer.examples, rule.ADVICE)
        for rule, answer in found
        if answer is not None
    ]


def _lacking(rule: Rule, table: str, given: Given) -> list[str]:
    """Tables and columns that the rule needs on this table and that are not there, as ``table`` or ``table.column``."""
    if table not in given:
        return [table]
    own = given[table]
    return [
        f"{table}.{need}" if "." not in need and need not in TABLES else need
        for need in rule.NEEDS
        if not (need in own or need in given or _is_column_of(need, given))
    ]


def _is_column_of(need: str, given: Given) -> bool:
    table, _, column = need.partition(".")
    return column in given.get(table, frozenset())


def compare(before: Sequence[Finding], after: Sequence[Finding]) -> list[Change]:
    """What is new, gone or a larger share of its table than in the audit before."""
    old = {(finding.code, finding.table): finding for finding in before}
    new = {(finding.code, finding.table): finding for finding in after}
    changes = [Change(*key, "gone", 0, old[key].count) for key in old.keys() - new.keys()]
    changes += [Change(*key, "new", new[key].count, 0) for key in new.keys() - old.keys()]
    changes += [
        Change(*key, "grown", new[key].count, old[key].count)
        for key in new.keys() & old.keys()
        if new[key].share > old[key].share
    ]
    return sorted(changes, key=lambda change: (change.code, change.table))
