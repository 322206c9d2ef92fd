"""Rolling origin for rankings: a ranker is fitted on what was known at a cutoff, its lists meet what followed."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.contest import Contestant, Scored
from experiments.dataset import Dataset
from experiments.rolling import search_rows
from experiments.search.objective import Values, mean_scores
from experiments.search.workers import each_of
from experiments.splits import validation_folds
from experiments.study import RankStudy
from experiments.verdict import Difference
from features.item_history import COLUMN
from models.artifact import Loaded
from models.intervals import clustered_mean
from models.ranking import scores
from models.ranking.histories import decode
from models.ranking.recommender import Recommender, fit_recommender, in_numbers_of, recommend
from models.ranking.sample import Fitting, RankSample, sample_of
from models.ranking.scores import Listed, Outcome
from models.sample import Floats, Mask
from models.tasks import NEXT_ITEMS


@dataclass(frozen=True)
class Problem:
    """A ranking study with its dataset and test cutoffs; pickled without what it has computed."""

    study: RankStudy
    dataset: Dataset
    tests: tuple[float, ...]
    target: Any = scores
    """What losses are called, for reasons."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Problem, (self.study, self.dataset, self.tests)

    @cached_property
    def sample(self) -> RankSample:
        """Histories and outcomes as arrays."""
        frame, asked = self.dataset.frame, self.dataset.question
        assert asked is not None, "a ranking has a question"
        histories, after = frame[COLUMN].tolist(), frame[NEXT_ITEMS].tolist()
        return sample_of(histories, after, self.dataset.as_of, self.dataset.products, asked)

    @property
    def newest(self) -> float:
        """The newest test cutoff, in days since 1970-01-01 UTC."""
        return self.tests[-1]

    def scored(self, cutoff: float, among: Mask | None = None) -> NDArray[np.intp]:
        """Rows of the dataset at the cutoff whose customers bought something afterwards."""
        bought = (self.dataset.frame["label"].to_numpy() > 0) & (self.dataset.as_of == cutoff)
        return np.flatnonzero(bought if among is None else bought & among)

    def outcome(self, rows: NDArray[np.intp]) -> Outcome:
        """What the customers of these rows bought, and what they had bought before."""
        everything = np.arange(len(self.sample.ids), dtype=np.int32)
        before = self.sample.histories.take(rows, everything, len(everything))
        return Outcome(self.sample.bought[rows], before.owned())

    def customers_at(self, keys: Sequence[float]) -> NDArray[np.int64]:
        """The customer, as a number, of each scored row at the cutoffs ``keys``, in their order."""
        return self._customers(keys, None)

    def _customers(self, cutoffs: Sequence[float], among: Mask | None) -> NDArray[np.int64]:
        rows = np.concatenate([self.scored(cutoff, among) for cutoff in cutoffs])
        return np.asarray(pd.factorize(self.dataset.frame["customer_id"].iloc[rows])[0], dtype=np.int64)

    def difference(self, each: Floats, cutoffs: Sequence[float], among: Mask | None = None) -> Difference:
        """Mean of ``each`` (advantages of the scored rows at the cutoffs), with a bootstrap interval over customers."""
        customer = self._customers(cutoffs, among)
        promotion = self.study.promotion
        return Difference(
            *clustered_mean(each, customer, promotion.draws, promotion.confidence, self.study.search.seed)
        )


@dataclass(frozen=True)
class RankValidation:
    """Mean loss over the validation folds, whose labels are all known at the first test cutoff."""

    problem: Problem

    def __reduce__(self) -> tuple[Any, ...]:
        return RankValidation, (self.problem,)

    def __call__(self, candidate: str, params: Mapping[str, Any]) -> tuple[Values, dict[str, float], Floats]:
        """Mean loss, mean scores, and the loss of every scored row of the folds, oldest fold first."""
        tested = [self.at(cutoff, candidate, params) for cutoff in self.cutoffs]
        means = mean_scores([scores.scores(outcome, listed) for outcome, listed in tested])
        found = np.concatenate([scores.loss(outcome, listed) for outcome, listed in tested])
        return (means[scores.LOSS],), {f"validation_{name}": value for name, value in means.items()}, found

    def at(self, cutoff: float, candidate: str, params: Mapping[str, Any]) -> tuple[Outcome, Listed]:
        """What followed a fold, and the lists of a ranker fitted for it."""
        known, outcome, rows = self.folds[cutoff]
        study = self.problem.study
        model = fit_recommender(candidate, known, params, study.search.seed, study.length)
        return outcome, listed(self.problem, model, rows)

    @cached_property
    def folds(self) -> dict[float, tuple[Fitting, Outcome, NDArray[np.intp]]]:
        """What is known at each fold, what followed, and the rows that are scored; made once for all trials."""
        found = {}
        for cutoff in self.cutoffs:
            rows = self.problem.scored(cutoff, self.rows)
            found[cutoff] = self.problem.sample.fitting(cutoff, self.rows), self.problem.outcome(rows), rows
        return found

    @property
    def cutoffs(self) -> list[float]:
        """The folds, oldest first."""
        study, dataset = self.problem.study, self.problem.dataset
        return validation_folds(
            dataset.cutoffs, self.problem.tests[0], study.horizon_days, study.search.validation_folds
        )

    @cached_property
    def rows(self) -> Mask:
        """The customers of the search."""
        return search_rows(self.problem.dataset.frame["customer_id"], self.problem.study.search)


def at_cutoff(
    problem: Problem, candidate: str, params: Mapping[str, Any], cutoff: float
) -> tuple[Recommender, Outcome, Listed]:
    """A ranker fitted for a cutoff on what was known then, what followed, and its lists."""
    known = problem.sample.fitting(cutoff)
    model = fit_recommender(candidate, known, params, problem.study.search.seed, problem.study.length)
    rows = problem.scored(cutoff)
    return model, problem.outcome(rows), listed(problem, model, rows)


def listed(problem: Problem, model: Recommender, rows: NDArray[np.intp]) -> Listed:
    """The model's lists for rows of the dataset, in the dataset's numbers of products."""
    there = in_numbers_of(model, problem.sample.ids)
    texts = problem.dataset.frame[COLUMN].iloc[rows]
    found = recommend(model, decode(texts, model.items.place)).item
    return Listed(np.where(found >= 0, there[found], -1).astype(np.int32), len(model.items))


def tested_all(problem: Problem, contestants: Sequence[Contestant], workers: int) -> list[Scored]:
    """Each contestant fitted for and scored at each test cutoff; ``workers`` share them."""
    return each_of(tested, [(problem, each) for each in contestants], workers)


def tested(problem: Problem, contestant: Contestant) -> Scored:
    """One contestant's test."""
    started = time.perf_counter()
    found = [at_cutoff(problem, contestant.candidate, contestant.params, cutoff) for cutoff in problem.tests]
    by_cutoff = [scores.scores(outcome, listed) for _, outcome, listed in found]
    outcomes: Any = [outcome for _, outcome, _ in found]
    answers: Any = [each for _, _, each in found]
    seconds = time.perf_counter() - started
    return Scored(
        contestant, found[-1][0], mean_scores(by_cutoff), seconds, problem.tests, by_cutoff, outcomes, answers
    )


def losses(tested: Scored) -> list[Floats]:
    """Loss per scored row at each test cutoff, oldest first."""
    pairs: Any = zip(tested.outcomes, tested.answers, strict=True)
    return [scores.loss(outcome, listed) for outcome, listed in pairs]


def loss_of_artifact(problem: Problem, loaded: Loaded) -> Floats:
    """Loss per scored row, at the newest test cutoff, of the model that would be served."""
    rows = problem.scored(problem.newest)
    return scores.loss(problem.outcome(rows), listed(problem, loaded.model, rows))
