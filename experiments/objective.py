"""What a search tries to improve: the loss over validation folds, or the gap of a clustering to shuffled data."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.config import Segments, StudyConfig
from experiments.dataset import Dataset
from experiments.splits import folds, test_cutoffs, validation_folds
from features.errors import BadInput, CoterieError
from models import cluster_scores, segmenter
from models.predictor import fit_predictor, predict
from models.question import Question
from models.sample import Floats, Sample
from models.scores import predictive_scores
from models.tasks import task


@dataclass(frozen=True)
class Outcome:
    """``value`` is what the search compares; None, with the reason, where the parameters could not be fitted."""

    value: float | None
    scores: dict[str, float]
    reason: str
    started: datetime
    finished: datetime


@dataclass(frozen=True)
class Objective:
    """Evaluates one candidate with one set of parameters on a dataset; can be sent to another process."""

    config: StudyConfig
    dataset: Dataset

    def __call__(self, candidate: str, params: Mapping[str, Any]) -> Outcome:
        started = datetime.now()
        try:
            value, scores = self._evaluate(candidate, params)
            reason = ""
        except (CoterieError, ArithmeticError, np.linalg.LinAlgError) as error:
            # Parameters that cannot be fitted are an answer; anything else is a bug and must be seen.
            value, scores, reason = None, {}, str(error)
        return Outcome(value, scores, reason, started, datetime.now())

    @cached_property
    def _evaluate(self) -> Callable[[str, Mapping[str, Any]], tuple[float, dict[str, float]]]:
        return PredictObjective(self) if self.config.kind == "predict" else SegmentObjective(self)


def candidate_sample(config: StudyConfig, dataset: Dataset, every_feature: bool = False) -> Sample:
    """The dataset's rows for a learner: the study's features, or all (baselines read what they need by name)."""
    features = dataset.features if every_feature else config.features.select(dataset.features)
    if dataset.task != config.task or dataset.horizon_days != config.horizon_days or config.task is None:
        raise BadInput(
            f"the dataset holds {dataset.task} at {dataset.horizon_days} days, study {config.name} asks for "
            f"{config.task} at {config.horizon_days}: make its own with `coterie dataset`"
        )
    return Sample(
        X=dataset.frame[list(features)],
        y=dataset.frame["label"].to_numpy(dtype=np.float64),
        as_of=dataset.as_of,
        question=Question(config.task, "binary", task(config.task).POSITIVE, (float(dataset.horizon_days or 0.0),)),
    )


def dataset_tests(config: StudyConfig, dataset: Dataset) -> list[float]:
    """The test cutoffs of a dataset, all of whose labels are complete."""
    horizon = float(config.horizon_days or 0.0)
    return test_cutoffs(dataset.cutoffs, horizon, config.cutoffs.test, dataset.cutoffs[-1] + horizon)


class PredictObjective:
    """Mean log-loss over the validation folds, which end a horizon before the first test cutoff."""

    def __init__(self, objective: Objective) -> None:
        config, dataset = objective.config, objective.dataset
        sample = candidate_sample(config, dataset).where(search_rows(config, dataset))
        first_test = dataset_tests(config, dataset)[0]
        cutoffs = validation_folds(dataset.cutoffs, first_test, sample.horizon_days, config.search.validation_folds)
        self.seed = config.search.seed
        self.task = str(config.task)
        self.folds = [
            (sample.where(learn), sample.where(score))
            for _, learn, score in folds(sample.as_of, cutoffs, sample.horizon_days)
        ]

    def __call__(self, candidate: str, params: Mapping[str, Any]) -> tuple[float, dict[str, float]]:
        means = mean_scores([predictive_scores(y, p) for y, p in self.predictions(candidate, params)])
        return means["log_loss"], {f"validation_{name}": value for name, value in means.items()}

    def predictions(self, candidate: str, params: Mapping[str, Any]) -> list[tuple[Floats, Floats]]:
        """Outcomes and predictions at each validation fold, oldest first."""
        found = []
        for learn, score in self.folds:
            predictor = fit_predictor(self.task, candidate, learn, dict(params), self.seed, calibrate=False)
            found.append((score.y, predict(predictor, score.X)))
        return found


class SegmentObjective:
    """Silhouette above that of column-permuted data, less what too few, too small or too vague segments cost."""

    def __init__(self, objective: Objective) -> None:
        config, dataset = objective.config, objective.dataset
        self.seed = config.search.seed
        self.wanted = config.segments
        self.features = segment_features(config, dataset)
        self.X = dataset.frame.loc[search_rows(config, dataset), list(dataset.features)].reset_index(drop=True)
        # One folder for all trials of this process: HDBSCAN builds its tree once for each min_samples.
        self.memory = tempfile.TemporaryDirectory(prefix="coterie-trees-")

    def __call__(self, candidate: str, params: Mapping[str, Any]) -> tuple[float, dict[str, float]]:
        memory = Path(self.memory.name)
        fitted = segmenter.fit_clusters(self.X, self.features, candidate, params, self.seed, memory)
        labels, _ = segmenter.assign_labels(fitted, self.X)
        sizes = cluster_scores.sizes(labels)
        if sizes["segments_n"] < 2:
            raise BadInput("fewer than two segments found")
        gap = cluster_scores.permuted_gap(self.X, fitted, self.seed, permutations=1, sample=2_000, memory=memory)
        scores = {"silhouette": gap.silhouette, "silhouette_permuted": gap.permuted, "permuted_gap": gap.gap, **sizes}
        return gap.gap - penalty(self.wanted, sizes), {f"validation_{name}": value for name, value in scores.items()}


def validation_losses(config: StudyConfig, dataset: Dataset, candidate: str, params: Mapping[str, Any]) -> Floats:
    """Log-loss of every row of the validation folds, oldest fold first."""
    objective = PredictObjective(Objective(config, dataset))
    return np.concatenate([row_loss(y, p) for y, p in objective.predictions(candidate, params)])


def penalty(wanted: Segments, sizes: Mapping[str, float]) -> float:
    """What a clustering loses for each segment too few or too many, for noise and for too small a segment.

    >>> round(penalty(Segments(most_noise=0.6), {"segments_n": 3, "noise_share": 0.7, "smallest_share": 0.1}), 3)
    0.2
    """
    count = sizes["segments_n"]
    odd_count = max(0.0, wanted.fewest - count, count - wanted.most)
    noise = max(0.0, sizes["noise_share"] - wanted.most_noise)
    return 0.1 * odd_count + noise + 10.0 * max(0.0, wanted.smallest_share - sizes["smallest_share"])


def segment_features(config: StudyConfig, dataset: Dataset) -> list[str]:
    """The study's features in which the customers differ: a shop without discounts has no discount share."""
    chosen = config.features.select(dataset.features)
    differing = [name for name in chosen if dataset.frame[name].nunique() > 1]
    if len(differing) < 2:
        raise BadInput(
            f"customers differ in {len(differing)} of the {len(chosen)} features of study {config.name}, "
            "segments need at least two: widen features.include"
        )
    return differing


def search_rows(config: StudyConfig, dataset: Dataset) -> NDArray[np.bool_]:
    """All rows of at most ``search.customers`` customers, drawn with the study's seed."""
    customers = dataset.frame["customer_id"].unique()
    if len(customers) <= config.search.customers:
        return np.ones(len(dataset.frame), dtype=np.bool_)
    random = np.random.default_rng(config.search.seed)
    chosen = random.choice(np.sort(customers), config.search.customers, replace=False)
    return dataset.frame["customer_id"].isin(chosen).to_numpy()


def row_loss(y: Floats, p: Floats) -> Floats:
    """-log of the probability given to what happened, a row."""
    held = np.clip(p, 1e-15, 1.0 - 1e-15)
    return np.where(y == 1.0, -np.log(held), -np.log1p(-held))


def bootstrap_mean(each: Floats, draws: int, confidence: float, seed: int) -> tuple[float, float, float]:
    """(mean, low, high) of a value a row; the interval holds the share ``confidence`` of resampled means."""
    random = np.random.default_rng(seed)
    means = np.array([each[random.integers(len(each), size=len(each))].mean() for _ in range(draws)])
    edge = (1.0 - confidence) / 2.0
    low, high = np.quantile(means, (edge, 1.0 - edge))
    return float(each.mean()), float(low), float(high)


def mean_scores(found: list[dict[str, float]]) -> dict[str, float]:
    """Each score's mean over folds; a score that is nan in a fold is nan."""
    return {name: float(np.mean([scores[name] for scores in found])) for name in found[0]}
