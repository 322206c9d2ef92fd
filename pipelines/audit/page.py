"""The audit as one page for people: what came in, what is odd, what to do, what changed, who lacks what.

Nothing is fetched from outside and nothing runs: inline styles, inline SVG. Whatever comes from the data is escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from pipelines.audit.coverage_page import coverage_section
from pipelines.audit.finding import Finding
from pipelines.audit.markup import anchor, details, number, percent, section, table
from pipelines.audit.runner import SEVERITIES, Change, rules
from pipelines.audit.style import STYLE
from pipelines.audit.weeks import Week, chart

MEANING = {
    "error": "Answers will be wrong until this is seen to.",
    "warning": "Rows or values are lost, or doubtful.",
    "note": "Good to know; often nothing needs doing.",
}
SECTIONS = ("What came in", "Rows a week", "Since the last audit", "Findings", "Rejected and repaired", "Coverage")
PLURAL = {"error": "errors", "warning": "warnings", "note": "notes"}


@dataclass(frozen=True)
class Page:
    """Everything the page tells; ``facts`` as in ``manifest.json``, ``lacking`` the rules not asked."""

    facts: Mapping[str, Any]
    findings: Sequence[Finding]
    changes: Sequence[Change]
    compared: bool
    lacking: Mapping[str, Mapping[str, Sequence[str]]]
    weeks: Mapping[str, Sequence[Week]]
    coverage: Mapping[str, Any]


def render(page: Page) -> str:
    """The page as HTML; equal content gives equal bytes."""
    parts = [
        _headline(page),
        _tables(page.facts["tables"]),
        _weeks(page.weeks),
        _changes(page),
        _findings(page),
        _refused(page.facts["tables"]),
        coverage_section(page.coverage),
        _not_asked(page.lacking),
    ]
    title = escape(f"Audit of {page.facts['title']}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<style>{STYLE}</style></head>\n<body><main>\n" + "\n".join(parts) + "\n</main></body></html>\n"
    )


def _headline(page: Page) -> str:
    facts = page.facts
    codes = {(finding.severity, finding.code) for finding in page.findings}
    counts = {severity: sum(severity == other for other, _ in codes) for severity in SEVERITIES}
    tiles = "".join(
        f'<a class="tile {severity}" href="#{severity}"><b>{counts[severity]}</b>{PLURAL[severity]}</a>'
        for severity in SEVERITIES
    )
    rows_in = sum(table["rows_in"] for table in facts["tables"].values())
    kept = sum(table["rows"] for table in facts["tables"].values())
    tiles += f'<span class="tile"><b>{percent(kept, rows_in)}</b>of {number(rows_in)} rows kept</span>'
    links = " ".join(f'<a href="#{anchor(title)}">{title}</a>' for title in SECTIONS)
    about = (
        f"Ingest {facts['id']} of source {facts['source']}, times of {facts['timezone']}, money in {facts['currency']}."
    )
    hidden = " Customer ids are pseudonyms." if facts["pseudonym_key"] else ""
    return (
        f"<header><h1>Audit of {escape(facts['title'])}</h1><p>{escape(about + hidden)} "
        f"Examples show nothing about a person.</p><div class='tiles'>{tiles}</div>"
        f"<nav>{links}</nav></header>"
    )


def _tables(tables: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, told in tables.items():
        dropped = told["repairs"].get("exact_duplicate_dropped", 0)
        rejected = sum(told["rejects"].values())
        repaired = sum(told["repairs"].values()) - dropped
        rows.append(
            [name, number(told["rows_in"]), number(told["rows"]), number(rejected), percent(rejected, told["rows_in"]),
             number(dropped), number(repaired)]
        )  # fmt: skip
    head = ["Table", "Rows in", "Kept", "Rejected", "of rows in", "Duplicates dropped", "Values repaired"]
    return section("What came in", table(head, rows, figures=range(1, 7)))


def _findings(page: Page) -> str:
    if not page.findings:
        return section("Findings", "<p>No rule found anything.</p>")
    groups = []
    for severity in SEVERITIES:
        found = _by_rule([finding for finding in page.findings if finding.severity == severity])
        if found:
            heading = f"{PLURAL[severity].capitalize()} ({len(found)})"
            cards = "".join(_card(of_rule) for of_rule in found)
            groups.append(f'<h3 id="{severity}">{heading}</h3><p class="soft">{MEANING[severity]}</p>{cards}')
    return section("Findings", "".join(groups))


def _by_rule(findings: Sequence[Finding]) -> list[list[Finding]]:
    """The findings of each rule, the largest share of a table first."""
    ordered = sorted(findings, key=lambda f: (-f.share, f.code, f.table))
    return [[f for f in ordered if f.code == code] for code in dict.fromkeys(f.code for f in ordered)]


def _card(findings: Sequence[Finding]) -> str:
    """One rule: what it means, what to do, and how many rows of which tables it is about."""
    first = findings[0]
    meaning = {rule.CODE: (rule.__doc__ or "").strip() for rule in rules()}.get(first.code, "")
    counts = "".join(f"<li>{_count(finding)}</li>" for finding in findings)
    shown = "".join(f"<p>{escape(f.table)}</p>{_examples(f.examples)}" for f in findings if f.examples)
    return (
        f'<article class="{first.severity}"><div class="what"><div><h4>{escape(first.title)}</h4>'
        f"<p>{escape(meaning)}</p><p><b>What to do:</b> {escape(first.advice)}</p></div>"
        f"<ul>{counts}</ul></div><div class='what'><code>{escape(first.code)}</code>"
        f"{details('examples', shown) if shown else ''}</div></article>"
    )


def _count(finding: Finding) -> str:
    share = f" <span class='soft'>{percent(finding.count, finding.rows)}</span>" if finding.share <= 1 else ""
    return f"<b>{number(finding.count)}</b> in {escape(finding.table)}{share}"


def _examples(examples: Sequence[Mapping[str, str | None]]) -> str:
    if not examples:
        return ""
    names = list(examples[0])
    return table(names, [["" if row.get(name) is None else str(row[name]) for name in names] for row in examples])


def _changes(page: Page) -> str:
    if not page.compared:
        return section("Since the last audit", "<p>This is the first audit: there is nothing to compare it with.</p>")
    if not page.changes:
        return section("Since the last audit", "<p>Nothing is new, gone or more frequent.</p>")
    titles = {rule.CODE: rule.TITLE for rule in rules()}
    rows = [
        [change.change, titles.get(change.code, change.code), change.table, number(change.before), number(change.count)]
        for change in sorted(page.changes, key=lambda c: (("new", "grown", "gone").index(c.change), c.code, c.table))
    ]
    head = ["", "Finding", "Table", "Count before", "Count now"]
    return section("Since the last audit", table(head, rows, figures=(3, 4)))


def _refused(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Rejects by reason beside repairs by kind."""
    rejects = _listed(tables, "rejects")
    repairs = _listed(tables, "repairs")
    left = table(["Table", "Rejected because", "Rows"], rejects, figures=(2,)) if rejects else "<p>No row.</p>"
    right = table(["Table", "Repair", "Times"], repairs, figures=(2,)) if repairs else "<p>Nothing.</p>"
    note = '<p class="soft">Rejected rows lie in <code>rejects/</code> beside this page, as the source gave them.</p>'
    return section("Rejected and repaired", f'{note}<div class="columns"><div>{left}</div><div>{right}</div></div>')


def _listed(tables: Mapping[str, Mapping[str, Any]], what: str) -> list[list[str]]:
    return [
        [name, reason.replace("_", " "), number(n)]
        for name, told in tables.items()
        for reason, n in sorted(told[what].items(), key=lambda item: (-item[1], item[0]))
    ]


def _weeks(weeks: Mapping[str, Sequence[Week]]) -> str:
    charts = "".join(
        f"<figure><figcaption>{escape(name)}</figcaption>{chart(list(of_table))}</figure>"
        for name, of_table in weeks.items()
        if of_table
    )
    legend = (
        '<p class="soft">Kept rows. <span class="key gap"></span>hardly any beside the weeks around '
        '<span class="key flood"></span>several times as many</p>'
    )
    return section("Rows a week", f'{legend}<div class="columns">{charts}</div>') if charts else ""


def _not_asked(lacking: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    titles = {rule.CODE: rule.TITLE for rule in rules()}
    rows = [
        [titles.get(code, code), name, ", ".join(needed)]
        for code, of_table in sorted(lacking.items())
        for name, needed in sorted(of_table.items())
        if list(needed) != [name]
    ]
    absent = sorted(
        {name for of_table in lacking.values() for name, needed in of_table.items() if list(needed) == [name]}
    )
    said = f"<p>Tables the source does not give: {escape(', '.join(absent)) or 'none'}.</p>"
    body = said + (table(["Finding looked for", "Table", "Needs"], rows) if rows else "")
    return section("What could not be looked at", details(f"{len(rows)} rules that lack a column or a table", body))


def worst(findings: Iterable[Finding], n: int = 3) -> list[Finding]:
    """The findings to look at first: by severity, then by their share of the rows."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), -f.share, f.code, f.table))[:n]
