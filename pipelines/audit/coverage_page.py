"""The coverage section of the audit page: who lacks what, and what would be worth asking for."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from pipelines.audit.markup import details, number, percent, section, table

CALLED = {"acquisition_channel": "acquisition channel", "country": "country", "tenure": "tenure"}


def coverage_section(coverage: Mapping[str, Any]) -> str:
    """The section as HTML; short if nobody is there."""
    if not coverage.get("customers"):
        return section("Coverage", "<p>There are no customers to count.</p>")
    parts = [
        f"<p>Shares of {number(coverage['customers'])} customers, further ids resolved. "
        "Groups of fewer than ten are left out.</p>",
        "<h3>What would be worth asking for</h3>",
        _worth(coverage),
        "<h3>Who has what</h3>",
        _shares(coverage),
        details("What the source does not give at all", _not_given(coverage["not_given"])),
    ]
    return section("Coverage", "".join(parts))


def _worth(coverage: Mapping[str, Any]) -> str:
    question = coverage["question"]
    if question is None:
        return "<p>Too few customers with a profile and orders to tell.</p>"
    asked = (
        f"<p>Asked of {number(question['customers'])} customers who had bought before {escape(question['as_of'])} UTC: "
        f"who buys within {question['horizon_days']} days ({percent(question['bought'], 1)} did)? The gain is the "
        "log-loss that the attribute takes off recency, frequency and spend, cross-validated among those who have it; "
        "the association is Cramer's V with the thirds of spend, beside what shuffling gives. Customers who lack an "
        "attribute may differ from those who have it.</p>"
    )
    head = ["Attribute", "Missing", "Gain in log-loss", "Association (chance)", "Verdict"]
    rows = [
        [a["column"], percent(a["missing"], 1), _gain(a), _association(a), a["verdict"]] for a in coverage["attributes"]
    ]
    return asked + table(head, rows, figures=(1, 2, 3))


def _gain(attribute: Mapping[str, Any]) -> str:
    if "gain" not in attribute:
        return ""
    return f"{attribute['gain']:+.4f} ± {attribute['standard_error']:.4f}"


def _association(attribute: Mapping[str, Any]) -> str:
    if "association" not in attribute:
        return ""
    return f"{attribute['association']:.2f} ({attribute['association_by_chance']:.2f})"


def _shares(coverage: Mapping[str, Any]) -> str:
    """A row a table and a row a column, with a bar, and the groups that lack it most."""
    rows = []
    for name, told in coverage["tables"].items():
        rows.append(_share_row(f"<b>{escape(name)}</b>", told))
        columns = coverage["columns"][name].items()
        rows += [_share_row(f"&ensp;{escape(column)}", of_column) for column, of_column in columns]
    head = "<tr><th>Table, column</th><th colspan=2>Customers who have it</th><th>Lacking it most</th></tr>"
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'


def _share_row(name: str, told: Mapping[str, Any]) -> str:
    width = round(100 * told["have"])
    return (
        f'<tr><td>{name}</td><td><span class="bar"><i style="width:{width}%"></i></span></td>'
        f'<td class="n">{percent(told["have"], 1)}</td><td>{escape(_lacking(told))}</td></tr>'
    )


def _lacking(told: Mapping[str, Any]) -> str:
    """The group of each grouping that lacks it most, if that is well beyond the share of all and beyond chance."""
    usual = 1 - told["have"]
    worst = []
    for grouping, groups in told["lacking"].items():
        beyond = [group for group in groups if group["missing"] > usual + _margin(usual, group["customers"])]
        if beyond:
            worst.append(f"{CALLED[grouping]} {beyond[0]['group']} ({percent(beyond[0]['missing'], 1)} missing)")
    return "; ".join(worst)


def _margin(usual: float, customers: int) -> float:
    """Three standard errors of a group's share, at least two in a hundred."""
    return float(max(0.02, 3 * (usual * (1 - usual) / customers) ** 0.5))


def _not_given(lacking: Mapping[str, Sequence[str]]) -> str:
    rows = [[name, ", ".join(columns) or "the whole table"] for name, columns in lacking.items()]
    return table(["Table", "Columns"], rows) if rows else "<p>It gives everything.</p>"
