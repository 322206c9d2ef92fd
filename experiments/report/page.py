"""The run's description in the MLflow UI, in Markdown: the question, the scores and where to find the rest."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from experiments.contest import Scored
from experiments.dataset import Dataset
from experiments.kinds import Kind
from experiments.study import Study
from models import artifact


def describe(study: Study, dataset: Dataset, kind: Kind, problem: Any, tested: Sequence[Scored], why: str) -> str:
    """The question, the scores beside the baselines, how they were made, and why these parameters (``why``)."""
    how, further = kind.summary(problem, tested)
    short = kind.in_short(problem, tested)
    lines = [
        f"**{study.title or study.name}**",
        "",
        *([short, ""] if short else []),
        *table(artifact.headline(tested[0].model), {each.contestant.name: each.scores for each in tested}),
        "",
        f"{how} Parameters: {why}. Dataset `{dataset.fingerprint[:16]}`.",
        *(["", *further] if further else []),
        "",
        "Plots and `study.toml` are among the artifacts.",
    ]
    return "\n".join(lines)


def table(columns: Sequence[str], rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A Markdown table of scores, one row per contestant; nan is a dash, a count has no decimals.

    >>> table(["auc", "segments_n"], {"ours": {"auc": 0.75, "segments_n": 6.0}})
    ['| | auc&emsp; | segments_n&emsp; |', '|---|---|---|', '| ours&emsp; | 0.750&emsp; | 6&emsp; |']
    """
    lines = [f"| | {_row(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, scores in rows.items():
        lines.append(f"| {_row([name, *(_figure(column, scores[column]) for column in columns)])} |")
    return lines


def _row(cells: Iterable[str]) -> str:
    """Cells with a space behind each: the UI draws tables without one, and names would run together."""
    return " | ".join(f"{cell}&emsp;" for cell in cells)


def _figure(column: str, value: float) -> str:
    if value != value:
        return "–"
    return f"{value:.0f}" if column.endswith("_n") else f"{value:.3f}"
