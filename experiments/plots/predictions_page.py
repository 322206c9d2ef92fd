"""``report.html`` of a prediction: the verdict, scores beside the baselines, calibration, slices, plots; one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from experiments.plots.page import document, picture, table
from experiments.profit import Profit
from experiments.reliability import ALL, Reliability
from experiments.verdict import Difference
from models.charts import number, percent

PICTURES = {
    "calibration.png": "What was predicted beside what came",
    "gains_and_lift.png": "How many are found among the customers with the highest scores",
    "gains.png": "How much of the total is found among the customers with the highest scores",
    "curve.png": "By how many days",
    "scores_by_cutoff.png": "Scores over time",
    "reasons.png": "What scores are made of, by family of features",
    "importance.png": "Features without which the model is worse",
}


@dataclass(frozen=True)
class Beside:
    """A contestant with its scores, and how far the registered model is ahead of it; None for that model itself."""

    name: str
    scores: Mapping[str, float]
    lead: Difference | None


@dataclass(frozen=True)
class Contents:
    """What the page says: the verdict and whether it is good, the contestants and which scores to show of them,
    calibration, slices, what the leak probe found, profits (the best cut last), how the scores were made, what the test
    was used for, and the currency."""

    verdict: str
    good: bool
    contestants: tuple[Beside, ...]
    shown: tuple[str, ...]
    reliability: tuple[Reliability, ...]
    slices: tuple[Mapping[str, Any], ...]
    probe: str
    profits: tuple[Profit, ...]
    how: str
    test_use: str
    currency: str


def predictions_page(title: str, found: Contents, folder: Path) -> str:
    """The page; plots are taken from ``folder`` and stand in it as data."""
    kind = "" if found.good else " unsound"
    body = [
        f"<h1>{escape(title)}</h1><p class='verdict{kind}'>{escape(found.verdict)}</p>",
        _contestants(found),
        _reliability(found.reliability),
        _slices(found),
        _profits(found.profits, found.currency),
        f"<h2>Leak probe</h2><p>{escape(_sentence(found.probe))}</p>",
        *(picture(folder / name, words) for name, words in PICTURES.items() if (folder / name).is_file()),
        f"<h2>What the test was used for</h2><p>{escape(found.test_use)}</p>",
    ]
    return document(title, body)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _contestants(found: Contents) -> str:
    head = ["", *(name.replace("_", " ") for name in found.shown), "ahead by, with 90 % interval"]
    rows = [
        [
            each.name,
            *(_figure(each.scores.get(name)) for name in found.shown),
            "" if each.lead is None else str(each.lead),
        ]
        for each in found.contestants
    ]
    return f"<h2>Beside the baselines</h2><p class='quiet'>{escape(found.how)}</p>{table(head, rows)}"


def _figure(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.3f}"


def _reliability(found: Sequence[Reliability]) -> str:
    horizons = any(each.about for each in found)
    head = [*(["within, days"] if horizons else []), "test cutoff", "customers", "predicted / came", "slope"]
    rows = [
        [
            *([each.about] if horizons else []),
            "all" if each.cutoff == ALL else each.cutoff,
            f"{each.rows:,}",
            str(each.level),
            "–" if each.slope.value != each.slope.value else str(each.slope),
        ]
        for each in found
    ]
    words = (
        "Predicted over what came, and how far apart probabilities lie (1 is right), each with a 90 % interval. The "
        "interval over all should touch 0.95 to 1.05, and 0.90 to 1.10; a single cutoff may be off by its season."
    )
    return f"<h2>Calibration</h2><p class='quiet'>{words}</p>{table(head, rows)}"


def _slices(found: Contents) -> str:
    if not found.slices:
        return ""
    head = ["", "customers", *(name.replace("_", " ") for name in found.shown), "predicted / came"]
    rows = [
        [row["slice"], f"{row['customers']:,}", *(_figure(row[name]) for name in found.shown), _figure(row["level"])]
        for row in found.slices
    ]
    words = "Test customers by kind, all cutoffs together; groups of fewer than 100 are left out."
    return f"<h2>Slices</h2><p class='quiet'>{words}</p>{table(head, rows)}"


def _profits(found: Sequence[Profit], currency: str) -> str:
    if not found:
        return ""
    *each, best = found
    rows = [[percent(one.share), number(one.profit)] for one in each]
    words = (
        f"Most is earned by contacting {percent(best.share)}: {number(best.profit)} {currency} of 1,000 customers."
        if best.share > 0
        else "At this cost contacting anybody loses money."
    )
    head = ["contacted, highest scores first", f"profit of 1,000 customers, {currency}"]
    return f"<h2>Profit</h2><p>{escape(words)}</p>{table(head, rows)}"
