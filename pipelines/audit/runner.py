"""Running every rule over the staged tables, and comparing an audit with the one before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from features.tables import TABLES
from pipelines.audit.clock import forget_hours
from pipelines.audit.finding import SEVERITIES, Finding
from pipelines.audit.returned import Returned, returned_columns
from pipelines.audit.rule import Rule, all_rules, tables_of
from pipelines.audit.statistics import take_statistics
from pipelines.sql import one_number, search_path


@dataclass(frozen=True)
class Change:
    """How a finding differs from the audit before: ``new``, ``gone`` or ``grown`` (in its share of the rows)."""

    code: str
    table: str
    change: Literal["new", "gone", "grown"]
    count: int
    before: int


def run_audit(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> list[Finding]:
    """Findings of every rule on every staged table it applies to; writes ``statistics.now`` first."""
    names = sorted(tables)
    take_statistics(con, names)
    return findings_of(con, names, all_rules())


def findings_of(con: duckdb.DuckDBPyConnection, tables: Iterable[str], asked: Sequence[Rule]) -> list[Finding]:
    """What these rules find in these staged tables: errors first, then by code and table."""
    returned = returned_columns(con)
    with search_path(con, "standing,staged"):
        findings = [finding for table in tables for finding in _check(con, table, returned, asked)]
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), f.code, f.table))


def not_applicable(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, list[str]]]:
    """Rules that could not be applied, by code and table: what they need and the source does not return."""
    returned = returned_columns(con)
    lacks = {rule.CODE: {table: _lacking(rule, table, returned) for table in tables_of(rule)} for rule in all_rules()}
    return {
        code: {table: needed for table, needed in of_table.items() if needed}
        for code, of_table in lacks.items()
        if any(of_table.values())
    }


def _check(con: duckdb.DuckDBPyConnection, table: str, returned: Returned, asked: Sequence[Rule]) -> list[Finding]:
    rows = one_number(con, f'SELECT count(*) FROM "{table}"')
    applied = [rule for rule in asked if table in tables_of(rule) and not _lacking(rule, table, returned)]
    try:
        found = [(rule, rule.check(con, table)) for rule in applied]
    finally:
        forget_hours(con, table)
    return [
        Finding(rule.CODE, rule.TITLE, rule.SEVERITY, table, answer.count, rows, answer.examples, rule.ADVICE)
        for rule, answer in found
        if answer is not None
    ]


def _lacking(rule: Rule, table: str, returned: Returned) -> list[str]:
    """Tables and columns that the rule needs on this table and that are not there, as ``table`` or ``table.column``."""
    if table not in returned:
        return [table]
    own = returned[table]
    return [
        f"{table}.{need}" if "." not in need and need not in TABLES else need
        for need in rule.NEEDS
        if not (need in own or need in returned or _is_column_of(need, returned))
    ]


def _is_column_of(need: str, returned: Returned) -> bool:
    table, _, column = need.partition(".")
    return column in returned.get(table, frozenset())


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
