"""The test: every contestant fitted and scored on the same rows, beside the baselines."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.config import StudyConfig
from experiments.dataset import Dataset
from experiments.objective import (
    bootstrap_mean,
    candidate_sample,
    dataset_tests,
    mean_scores,
    row_loss,
    segment_features,
)
from experiments.splits import folds
from models import cluster_scores, segmenter
from models.predictor import Predictor, fit_predictor, predict
from models.sample import Floats, Sample
from models.scores import predictive_scores
from models.segmenter import Segmenter

TUNED = "tuned"
UNTUNED = "untuned"
BASELINE = "baseline"


@dataclass(frozen=True)
class Contestant:
    """A learner or clusterer with parameters, in the role it plays: tuned, untuned or baseline."""

    role: str
    candidate: str
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        """``lightgbm`` tuned is the model itself; ``untuned lightgbm``; ``baseline logistic``."""
        return f"{self.role} {self.candidate}"


@dataclass(frozen=True)
class Tested:
    """A contestant after the rolling-origin test.

    ``predictions`` and ``outcomes`` are P(y = 1) and y a customer, one array a cutoff, oldest first; ``model`` is the
    one fitted for the newest cutoff.
    """

    contestant: Contestant
    model: Predictor
    cutoffs: list[float]
    outcomes: list[Floats]
    predictions: list[Floats]
    by_cutoff: list[dict[str, float]]
    seconds: float

    @property
    def scores(self) -> dict[str, float]:
        """Mean over the test cutoffs."""
        return mean_scores(self.by_cutoff)


@dataclass(frozen=True)
class Clustered:
    """A clusterer fitted on all customers of the dataset, with its scores."""

    contestant: Contestant
    model: Segmenter
    scores: dict[str, float]
    seconds: float


def contestants(config: StudyConfig, candidate: str, params: Mapping[str, Any]) -> list[Contestant]:
    """The tuned model first, the same without tuning, then the baselines."""
    plain = [Contestant(BASELINE, name, {}) for name in config.baselines if name != candidate]
    return [Contestant(TUNED, candidate, params), Contestant(UNTUNED, candidate, {}), *plain]


def rolling_test(config: StudyConfig, dataset: Dataset, contestant: Contestant) -> Tested:
    """Fit before each test cutoff on labels known by then, score at it; all are calibrated alike, or none is."""
    started = time.perf_counter()
    sample = contestant_sample(config, dataset, contestant)
    cutoffs = dataset_tests(config, dataset)
    outcomes, predictions = [], []
    for _, learn, score in folds(sample.as_of, cutoffs, sample.horizon_days):
        model = fit_contestant(config, contestant, sample.where(learn))
        outcomes.append(sample.y[score])
        predictions.append(predict(model, sample.X.loc[score]))
    by_cutoff = [predictive_scores(y, p) for y, p in zip(outcomes, predictions, strict=True)]
    return Tested(contestant, model, cutoffs, outcomes, predictions, by_cutoff, time.perf_counter() - started)


def contestant_sample(config: StudyConfig, dataset: Dataset, contestant: Contestant) -> Sample:
    """The rows with the study's features; baselines may read every feature, they choose their few by name."""
    return candidate_sample(config, dataset, every_feature=contestant.role == BASELINE)


def fit_contestant(config: StudyConfig, contestant: Contestant, sample: Sample) -> Predictor:
    """A predictor with the study's seed, calibrated if the study says so."""
    return fit_predictor(
        str(config.task), contestant.candidate, sample, dict(contestant.params), config.search.seed, config.calibrate
    )


def cluster(config: StudyConfig, dataset: Dataset, contestant: Contestant) -> Clustered:
    """Fit on all customers and score against the same clustering of column-permuted data."""
    started = time.perf_counter()
    X = dataset.frame[list(dataset.features)]
    features = segment_features(config, dataset)
    seed = config.search.seed
    model = segmenter.fit_segmenter(X, features, contestant.candidate, contestant.params, seed)
    scores = cluster_scores.clustering_scores(X, model, seed)
    return Clustered(contestant, model, scores, time.perf_counter() - started)


def loss_difference(
    y: Floats, ours: Floats, theirs: Floats, draws: int, confidence: float, seed: int
) -> tuple[float, float, float]:
    """Log-loss of ours minus theirs: (all customers, low, high); below 0 ours is better. One row a customer."""
    return bootstrap_mean(row_loss(y, ours) - row_loss(y, theirs), draws, confidence, seed)


def spread(by_cutoff: Sequence[Mapping[str, float]], names: Sequence[str]) -> dict[str, float]:
    """``<name>_lowest`` and ``<name>_highest`` over the cutoffs."""
    return {
        f"{name}_{word}": float(pick([scores[name] for scores in by_cutoff]))
        for name in names
        for word, pick in (("lowest", min), ("highest", max))
    }
