"""The run's description in the MLflow UI, in Markdown: the question, the scores and where to find the rest."""

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.contest import Scored
from experiments.dataset import Dataset
from experiments.kinds import Kind
from experiments.study import Study
from models import artifact


def describe(study: Study, dataset: Dataset, kind: Kind, problem: Any, tested: Sequence[Scored], why: str) -> str:
    """The question, the scores beside the baselines, how they were made, and why these parameters (``why``)."""
    how, further = kind.summary(problem, tested)
    lines = [
        f"**{study.title or study.name}**",
        "",
        *table(artifact.headline(tested[0].model), {each.contestant.name: each.scores for each in tested}),
        "",
        f"{how} Parameters: {why}. Dataset `{dataset.fingerprint[:16]}`.",
        *(["", *further] if further else []),
        "",
        "Plots and `study.toml` are among the artifacts.",
    ]
    return "\n".join(lines)


def table(columns: Sequence[str], rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A Markdown table of scores, one row per contestant; nan is a dash.

    >>> table(["auc"], {"ours": {"auc": 0.75}})
    ['| | auc |', '|---|---|', '| ours | 0.750 |']
    """
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, scores in rows.items():
        values = (f"{scores[column]:.3f}" if scores[column] == scores[column] else "–" for column in columns)
        lines.append(f"| {name} | " + " | ".join(values) + " |")
    return lines
