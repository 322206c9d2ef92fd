"""The coverage section of the audit page: who lacks what, and which attributes would be useful to ask for."""

from collections.abc import Mapping
from typing import Any

from pipelines.audit.page.formats import percent

GROUP_NAMES = {"acquisition_channel": "acquisition channel", "country": "country", "tenure": "tenure"}


def coverage_view(coverage: Mapping[str, Any]) -> dict[str, Any]:
    """``coverage.json`` as the template shows it: a row a table and a row a column, with the groups that lack it."""
    return {
        "customers": coverage["customers"],
        "question": coverage.get("question"),
        "attributes": coverage.get("attributes", []),
        "not_given": coverage.get("not_given", {}),
        "shares": [row for name in coverage.get("tables", {}) for row in _rows(name, coverage)],
    }


def _rows(name: str, coverage: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = coverage["columns"][name].items()
    whole = {"table": name, "column": "", **_shown(coverage["tables"][name])}
    return [whole, *({"table": name, "column": column, **_shown(share)} for column, share in columns)]


def _shown(share: Mapping[str, Any]) -> dict[str, Any]:
    return {"have": share["have"], "lacking": "; ".join(_lacking(share))}


def _lacking(share: Mapping[str, Any]) -> list[str]:
    """The group of each grouping that lacks it most, if that is well beyond the share of all and beyond chance."""
    usual = 1 - share["have"]
    worst = {
        GROUP_NAMES[grouping]: [group for group in groups if group["missing"] > usual + _margin(usual, group)][:1]
        for grouping, groups in share["lacking"].items()
    }
    return [
        f"{grouping} {group['group']} ({percent(group['missing'])} missing)"
        for grouping, groups in worst.items()
        for group in groups
    ]


def _margin(usual: float, group: Mapping[str, Any]) -> float:
    """Three standard errors of a group's share, at least two in a hundred."""
    return float(max(0.02, 3 * (usual * (1 - usual) / group["customers"]) ** 0.5))
