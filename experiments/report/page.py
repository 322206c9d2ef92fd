"""What a person reads about a study: plots as PNG, and one page of Markdown for the MLflow UI."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.config import StudyConfig
from experiments.dataset import Dataset
from experiments.evaluate import Clustered, Tested
from experiments.objective import candidate_sample
from experiments.plots import predictions, segments
from experiments.plots.style import search_plot
from experiments.search.trials import Trial
from experiments.splits import day_of

HAPPENS = {"buys": "orders within {days:g} days", "lapses": "orders nothing for {days:g} days"}
PREDICT_COLUMNS = ("log_loss", "roc_auc", "average_precision", "lift_10", "calibration_slope")
SEGMENT_COLUMNS = ("segments_n", "silhouette", "silhouette_permuted", "permuted_gap", "jaccard_min", "smallest_share")


def predict_plots(
    folder: Path, config: StudyConfig, dataset: Dataset, tested: Sequence[Tested], trials: Sequence[Trial]
) -> None:
    """calibration, gains_and_lift, scores_by_cutoff, importance and search, all below ``folder``."""
    ours = tested[0]
    happens = HAPPENS[ours.model.positive].format(days=ours.model.horizon_days)
    title = config.title or config.name
    predictions.calibration_plot(folder / "calibration.png", f"Calibration: {title}", tested, happens)
    predictions.gains_plot(folder / "gains_and_lift.png", f"Gains and lift: {title}", tested, happens)
    predictions.cutoffs_plot(folder / "scores_by_cutoff.png", f"Scores over time: {title}", tested)
    newest = candidate_sample(config, dataset)
    newest = newest.where(newest.as_of == ours.cutoffs[-1])
    names, drops = predictions.permutation_importance(ours, newest, config.search.seed)
    predictions.importance_plot(folder / "importance.png", f"Feature importance: {title}", names, drops)
    plot_search(folder, config, trials)


def segment_plots(
    folder: Path, config: StudyConfig, dataset: Dataset, clustered: Sequence[Clustered], trials: Sequence[Trial]
) -> None:
    """segment_profile, segment_map, segment_revenue, structure and search, all below ``folder``."""
    ours = clustered[0].model
    X = dataset.frame[list(dataset.features)]
    as_of = day_of(dataset.cutoffs[-1])
    segments.profile_plot(folder / "segment_profile.png", f"Who the segments are, {as_of}", ours, X)
    segments.map_plot(
        folder / "segment_map.png", f"Where {len(X):,} customers lie, {as_of}", ours, X, config.search.seed
    )
    segments.revenue_plot(folder / "segment_revenue.png", "What the segments bring", ours)
    segments.reality_plot(folder / "structure.png", "Is there structure? Silhouette against shuffled data", clustered)
    plot_search(folder, config, trials)


def plot_search(folder: Path, config: StudyConfig, trials: Sequence[Trial]) -> None:
    search_plot(
        folder / "search.png",
        f"{len(trials)} trials of {config.name}",
        [trial.value for trial in trials],
        [trial.candidate for trial in trials],
        lower_is_better=config.search.metric == "log_loss",
    )


def describe(config: StudyConfig, dataset: Dataset, models: Sequence[Tested | Clustered], why: str) -> str:
    """The run's description in Markdown: the question, the scores beside the baselines, where the rest is."""
    columns = PREDICT_COLUMNS if config.kind == "predict" else SEGMENT_COLUMNS
    first = models[0]
    if isinstance(first, Tested):
        judged = f"Means over the test cutoffs {', '.join(str(day_of(c)) for c in first.cutoffs)}; "
        judged += "each model learned only from labels known at the cutoff."
    else:
        judged = f"{len(dataset.frame):,} customers as of {day_of(dataset.cutoffs[-1])}; "
        judged += "the gap is silhouette above that of column-permuted data."
    lines = [
        f"**{config.title or config.name}**",
        "",
        *table(columns, {each.contestant.name: each.scores for each in models}),
        "",
        f"{judged} Parameters: {why}. Dataset `{dataset.fingerprint[:16]}`.",
    ]
    if isinstance(first, Clustered):
        lines += ["", *catalogue_lines(first)]
    return "\n".join([*lines, "", "Plots are in the artifacts under `plots/`, the study under `study.toml`."])


def table(columns: Sequence[str], rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A Markdown table of scores.

    >>> table(["auc"], {"ours": {"auc": 0.75}})
    ['| | auc |', '|---|---|', '| ours | 0.750 |']
    """
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, scores in rows.items():
        values = (f"{scores[column]:.3f}" if scores[column] == scores[column] else "–" for column in columns)
        lines.append(f"| {name} | " + " | ".join(values) + " |")
    return lines


def catalogue_lines(ours: Clustered) -> list[str]:
    lines = ["| id | segment | customers | revenue | |", "|---|---|---|---|---|"]
    for segment in ours.model.catalogue:
        revenue = "–" if segment.revenue_share is None else f"{segment.revenue_share:.0%}"
        lines.append(f"| {segment.id} | {segment.name} | {segment.share:.0%} | {revenue} | {segment.description} |")
    return lines
