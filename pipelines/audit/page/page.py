"""What the audit page shows: what came in, what is odd, what to do, what changed, who lacks what.

Nothing is fetched from outside and nothing runs: inline styles, inline SVG. The templates escape all that is inserted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.audit.finding import SEVERITIES, Finding, Severity
from pipelines.audit.page.coverage_view import coverage_view
from pipelines.audit.page.formats import environment
from pipelines.audit.page.weeks import Week, chart
from pipelines.audit.rule import all_rules
from pipelines.audit.runner import Change

MEANING: Mapping[Severity, str] = {
    "error": "Answers will be wrong until this is corrected.",
    "warning": "Rows or values are lost, or doubtful.",
    "note": "Good to know; often nothing needs doing.",
}
SECTIONS = (
    "What came in",
    "Rows a week",
    "Since the last audit",
    "Findings",
    "Rejected and repaired",
    "Coverage",
    "What could not be looked at",
)
CHANGES = ("new", "grown", "gone")
DROPPED = "exact_duplicate_dropped"


@dataclass(frozen=True)
class Page:
    """Everything on the page; ``facts`` as in ``manifest.json``, ``lacking`` the rules that could not be applied."""

    facts: Mapping[str, Any]
    findings: Sequence[Finding]
    changes: Sequence[Change]
    compared: bool
    lacking: Mapping[str, Mapping[str, Sequence[str]]]
    weeks: Mapping[str, Sequence[Week]]
    coverage: Mapping[str, Any]


def render(page: Page) -> str:
    """The page as HTML; equal content gives equal bytes."""
    tables = page.facts["tables"]
    return (
        environment()
        .get_template("page.html")
        .render(
            facts=page.facts,
            sections=SECTIONS,
            counts=_counts(page.findings),
            rows_in=sum(table["rows_in"] for table in tables.values()),
            rows=sum(table["rows"] for table in tables.values()),
            tables=[_table(name, table) for name, table in tables.items()],
            charts={name: chart(weeks) for name, weeks in page.weeks.items() if weeks},
            compared=page.compared,
            changes=sorted(page.changes, key=lambda c: (CHANGES.index(c.change), c.code, c.table)),
            groups=_groups(page.findings),
            titles={rule.CODE: rule.TITLE for rule in all_rules()},
            meanings={rule.CODE: (rule.__doc__ or "").strip() for rule in all_rules()},
            rejects=_reasons(tables, "rejects"),
            repairs=_reasons(tables, "repairs"),
            coverage=coverage_view(page.coverage),
            **_lacking(page.lacking),
        )
    )


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    """How many rules of each severity found something."""
    codes = {(finding.severity, finding.code) for finding in findings}
    return {severity: sum(severity == other for other, _ in codes) for severity in SEVERITIES}


def _table(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Where the rows of a table went."""
    dropped = table["repairs"].get(DROPPED, 0)
    return {
        "name": name,
        "rows_in": table["rows_in"],
        "rows": table["rows"],
        "rejected": sum(table["rejects"].values()),
        "dropped": dropped,
        "repaired": sum(table["repairs"].values()) - dropped,
    }


def _groups(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The findings of each severity, rule by rule."""
    found = {severity: _by_rule([f for f in findings if f.severity == severity]) for severity in SEVERITIES}
    return [
        {"severity": severity, "meaning": MEANING[severity], "cards": cards}
        for severity, cards in found.items()
        if cards
    ]


def _by_rule(findings: Sequence[Finding]) -> list[list[Finding]]:
    """The findings of each rule, the largest share of a table first."""
    ordered = sorted(findings, key=lambda f: (-f.share, f.code, f.table))
    return [[f for f in ordered if f.code == code] for code in dict.fromkeys(f.code for f in ordered)]


def _reasons(tables: Mapping[str, Mapping[str, Any]], what: str) -> list[tuple[str, str, int]]:
    """(table, reason, rows) of rejects or repairs, the most frequent of each table first."""
    return [
        (name, reason.replace("_", " "), n)
        for name, table in tables.items()
        for reason, n in sorted(table[what].items(), key=lambda item: (-item[1], item[0]))
    ]


def _lacking(lacking: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, Any]:
    """Tables that are absent, and what a rule lacks on a table that is there."""
    needs = [(code, name, list(needed)) for code, of_table in lacking.items() for name, needed in of_table.items()]
    return {
        "absent": sorted({name for _, name, needed in needs if needed == [name]}),
        "not_applied": sorted(need for need in needs if need[2] != [need[1]]),
    }
