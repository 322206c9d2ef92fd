"""The test: every contestant fitted and scored on the same rows, beside the baselines."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
from experiments.search.trials import plugin
from experiments.search.workers import each_of
from experiments.splits import folds
from models.predictor import Predictor, fit_predictor, predict
from models.sample import Floats, Sample
from models.scores import predictive_scores
from models.segments import scores as cluster_scores
from models.segments import segmenter
from models.segments.segmenter import Segmenter

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
    """The tuned model first, the same without tuning if that is another, then the baselines."""
    untuned = [Contestant(UNTUNED, candidate, {})] if dict(params) != plugin(config, candidate).DEFAULTS else []
    plain = [Contestant(BASELINE, name, {}) for name in config.baselines if name != candidate]
    return [Contestant(TUNED, candidate, params), *untuned, *plain]


def winner_first(config: StudyConfig, dataset: Dataset, tested: Sequence[Tested]) -> tuple[list[Tested], str]:
    """The contestants with the one to register in front, and why it is another than the tuned model (else empty).

    What is complicated has to prove itself: where the tuned model is not proven better than a baseline over the test
    cutoffs, the best such baseline is registered, and the gate judges that. A baseline that tells no customers apart
    (the constant) never stands in: where it is unbeaten, there is nothing to register, and the gate will say so.
    """
    customer = customers_at(dataset, tested[0].cutoffs)
    unbeaten = []
    for other in tested:
        if other.contestant.role == BASELINE:
            mean, low, high = lead(config, customer, tested[0], other)
            if not low > 0:
                unbeaten.append((mean, f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]", other))
    if not unbeaten or not all(tells_apart(other) for _, _, other in unbeaten):
        return list(tested), ""
    _, found, best = min(unbeaten, key=lambda each: each[0])
    why = (
        f"{tested[0].contestant.name} is not proven better than {best.contestant.candidate}: log-loss advantage {found}"
    )
    return [best, *(each for each in tested if each is not best)], why


def tells_apart(tested: Tested) -> bool:
    """Whether customers get different probabilities at any test cutoff."""
    return any(float(np.ptp(p)) > 0.0 for p in tested.predictions)


def lead(config: StudyConfig, customer: NDArray[np.int64], ours: Tested, other: Tested) -> tuple[float, float, float]:
    """How much lower our log-loss is over all test cutoffs: (mean a row, low, high); above 0 ours is better."""
    each = np.concatenate(losses(other)) - np.concatenate(losses(ours))
    return clustered_mean(each, customer, config)


def losses(tested: Tested) -> list[Floats]:
    """Log-loss a row at each test cutoff, oldest first."""
    return [row_loss(y, p) for y, p in zip(tested.outcomes, tested.predictions, strict=True)]


def customers_at(dataset: Dataset, cutoffs: Sequence[float]) -> NDArray[np.int64]:
    """A number a customer for each row at the cutoffs, oldest first, in the order of the dataset's rows."""
    rows = [dataset.frame.loc[dataset.as_of == cutoff, "customer_id"] for cutoff in cutoffs]
    return np.asarray(pd.factorize(pd.concat(rows))[0], dtype=np.int64)


def clustered_mean(each: Floats, customer: NDArray[np.int64], config: StudyConfig) -> tuple[float, float, float]:
    """(mean a row, low, high); customers are resampled with all their rows, which are not independent of each other."""
    total, rows = np.bincount(customer, weights=each), np.bincount(customer)
    random = np.random.default_rng(config.search.seed)
    means = []
    for _ in range(config.promotion.draws):
        drawn = random.integers(len(rows), size=len(rows))
        means.append(total[drawn].sum() / rows[drawn].sum())
    edge = (1.0 - config.promotion.confidence) / 2.0
    low, high = np.quantile(means, (edge, 1.0 - edge))
    return float(each.mean()), float(low), float(high)


def rolling_test(config: StudyConfig, dataset: Dataset, contestant: Contestant, workers: int = 1) -> Tested:
    """Fit before each test cutoff on labels known by then, score at it; all are calibrated alike, or none is.

    The cutoffs are shared among ``workers`` processes, which does not change the result.
    """
    started = time.perf_counter()
    sample = contestant_sample(config, dataset, contestant)
    cutoffs = dataset_tests(config, dataset)
    rounds = [
        (config, contestant, sample.where(learn), sample.where(score))
        for _, learn, score in folds(sample.as_of, cutoffs, sample.horizon_days)
    ]
    fitted = each_of(_test_round, rounds, workers)
    outcomes = [score.y for _, _, _, score in rounds]
    predictions = [p for _, p in fitted]
    by_cutoff = [predictive_scores(y, p) for y, p in zip(outcomes, predictions, strict=True)]
    model = fitted[-1][0]
    return Tested(contestant, model, cutoffs, outcomes, predictions, by_cutoff, time.perf_counter() - started)


def _test_round(config: StudyConfig, contestant: Contestant, learn: Sample, score: Sample) -> tuple[Predictor, Floats]:
    model = fit_contestant(config, contestant, learn)
    return model, predict(model, score.X)


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
