"""Rolling origin: for each cutoff a model is fitted on labels known by then and scored on what happened after.

For data of one date, folds of customers stand in for the cutoffs: see ``experiments.rounds``.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments import rounds
from experiments.config import Action, Features, Promotion, Search
from experiments.contest import Contestant, Scored
from experiments.dataset import Dataset
from experiments.rounds import Folds, Round
from experiments.search.objective import Values, mean_scores
from experiments.search.workers import each_of
from experiments.splits import day_of, validation_folds
from models.learners import learner
from models.predictor import (
    Predictor,
    calibrated,
    calibration_cutoffs,
    fit_predictor,
    predict,
    raw_answers,
)
from models.question import Question
from models.sample import Floats, Mask, Sample
from models.targets import Target, target

Made = TypeVar("Made")


@dataclass(frozen=True)
class Problem:
    """A prediction study with its dataset: ``features`` select what models may read, ``tests`` are the test cutoffs.

    If there are ``folds``, ``tests`` are the folds to test, and the folds before them are for the search. ``segments``
    are the ids and names of the rows' segments in force, empty for none; ``action`` is what acting on an answer costs.
    """

    question: Question
    dataset: Dataset
    tests: tuple[float, ...]
    features: Features
    learners: tuple[str, ...]
    baselines: tuple[str, ...]
    calibrate: bool
    search: Search
    promotion: Promotion
    folds: Folds | None = None
    segments: NDArray[np.object_] | None = None
    action: Action | None = None
    _made: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def once(self, key: str, make: Callable[[], Made]) -> Made:
        """What ``make()`` returned the first time it was asked for under the key."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def learnt(self, sample: Sample, key: float) -> Sample:
        """The rows of ``sample`` that the model tested at ``key`` learns from."""
        return rounds.learnt(sample, self.folds, key, range(int(self.tests[-1]) + 1))

    def scored(self, sample: Sample, key: float) -> Mask:
        """A mask of the rows of ``sample`` that are tested at ``key``."""
        return rounds.scored(sample, self.folds, key)

    def name(self, key: float) -> str:
        """The test cutoff as a date, or the fold."""
        return str(day_of(key)) if self.folds is None else f"fold {key:g}"

    @property
    def newest(self) -> float:
        """The newest date of the test, in days since 1970-01-01 UTC."""
        return self.tests[-1] if self.folds is None else self.dataset.cutoffs[-1]

    def customers_at(self, keys: Sequence[float]) -> NDArray[np.int64]:
        """The customer, as a number, of each row at the test cutoffs ``keys``, in their order."""
        return rounds.customers(self.dataset.frame["customer_id"], self.dataset.as_of, self.folds, keys)

    @property
    def target(self) -> Target:
        """The module of the question's kind of answer."""
        return target(self.question.target)


def readable(problem: Problem, candidate: str) -> tuple[str, ...]:
    """The learner's columns: those it names, even where the study excludes them; else those that the study selects."""
    named = learner(candidate).READS
    return problem.features.select(problem.dataset.dated) if named is None else named


def allowed(problem: Problem, candidate: str) -> bool:
    """Whether the study's features include all columns that this learner names."""
    named = learner(candidate).READS
    return named is None or set(named) <= set(problem.features.select(problem.dataset.dated))


@dataclass(frozen=True)
class Validation:
    """Mean loss over the validation folds, whose labels are all known at the first test cutoff.

    With folds of customers, they are the folds before those of the test, and nobody of the test is learnt from.
    """

    problem: Problem

    def __call__(self, candidate: str, params: Mapping[str, Any]) -> tuple[Values, dict[str, float], Floats]:
        """Mean loss, mean scores, and the loss of every row of the folds, oldest fold first."""
        kind, question = self.problem.target, self.problem.question
        answers = self.answers(candidate, params)
        means = mean_scores([kind.scores(y, a, question) for y, a in answers])
        losses = np.concatenate([kind.loss(y, a, question) for y, a in answers])
        return (means[kind.LOSS],), {f"validation_{name}": value for name, value in means.items()}, losses

    def answers(self, candidate: str, params: Mapping[str, Any]) -> list[tuple[Floats, Floats]]:
        """Labels and answers at each fold, oldest first."""
        seed, found = self.problem.search.seed, []
        for learn, score in self._folds(readable(self.problem, candidate)):
            model = fit_predictor(candidate, learn, dict(params), seed, calibrate=False)
            found.append((score.y, predict(model, score.X)))
        return found

    def newest_fold(self, columns: tuple[str, ...]) -> Round:
        """The newest fold's rows to fit on and to score, with these columns."""
        return self._folds(columns)[-1]

    @property
    def customers(self) -> NDArray[np.int64]:
        """The customer of each row of the losses, as a number."""
        dataset, folds, rows = self.problem.dataset, self.problem.folds, self._rows
        ids = dataset.frame["customer_id"][rows]
        return rounds.customers(ids, dataset.as_of[rows], None if folds is None else folds[rows], self._cutoffs)

    @cached_property
    def _cutoffs(self) -> list[float]:
        problem = self.problem
        if problem.folds is not None:
            return [float(fold) for fold in range(problem.search.validation_folds)]
        horizon_days, n = problem.question.horizon_days, problem.search.validation_folds
        return validation_folds(problem.dataset.cutoffs, problem.tests[0], horizon_days, n)

    @cached_property
    def _rows(self) -> Mask:
        return search_rows(self.problem.dataset.frame["customer_id"], self.problem.search)

    def _folds(self, columns: tuple[str, ...]) -> list[Round]:
        # Made once for all trials of a process; columns differ only between learners.
        if columns not in self._cut:
            sample = self.problem.dataset.sample(columns).where(self._rows)
            self._cut[columns] = rounds.rounds(sample, self.problem.folds, self._cutoffs, among=self._cutoffs)
        return self._cut[columns]

    @cached_property
    def _cut(self) -> dict[tuple[str, ...], list[Round]]:
        return {}


def search_rows(customer_id: "pd.Series[Any]", search: Search) -> Mask:
    """All rows of at most ``search.customers`` customers, drawn with the study's seed."""
    customers = customer_id.unique()
    if len(customers) <= search.customers:
        return np.ones(len(customer_id), dtype=np.bool_)
    random = np.random.default_rng(search.seed)
    chosen = random.choice(np.sort(customers), search.customers, replace=False)
    return customer_id.isin(chosen).to_numpy()


def rolling_test(problem: Problem, contestant: Contestant, workers: int = 1) -> Scored:
    """One contestant, as ``rolling_tests`` tests it."""
    return rolling_tests(problem, [contestant], workers)[0]


def rolling_tests(problem: Problem, contestants: Sequence[Contestant], workers: int = 1) -> list[Scored]:
    """Fit contestants of one learner for each test cutoff on labels known by then, and score them there.

    The study decides about calibration, for all contestants alike. The model for one cutoff's test is also one that
    calibrates the models of later cutoffs, so each is fitted once. ``workers`` processes share the cutoffs, which does
    not change the result.
    """
    (candidate,) = {each.candidate for each in contestants}
    sample = problem.dataset.sample(readable(problem, candidate))
    known = {cutoff: problem.learnt(sample, cutoff) for cutoff in problem.tests}
    needed = {*problem.tests}
    if problem.calibrate:
        needed |= {cutoff for each in known.values() for cutoff in calibration_cutoffs(each)}
    fitted = each_of(fitted_at, [(problem, tuple(contestants), cutoff) for cutoff in sorted(needed)], workers)
    by_cutoff = dict(zip(sorted(needed), fitted, strict=True))
    return [
        _scored(problem, each, sample, known, {cutoff: models[i] for cutoff, models in by_cutoff.items()})
        for i, each in enumerate(contestants)
    ]


@dataclass(frozen=True)
class FittedAt:
    """A model fitted on what was known at a cutoff, not calibrated; its ``raw`` predictions for the rows there."""

    model: Predictor
    raw: Floats
    seconds: float


def fitted_at(problem: Problem, contestants: Sequence[Contestant], cutoff: float) -> list[FittedAt]:
    """Each contestant fitted for one cutoff; they have one learner, so they share the sample and what it made once."""
    sample = problem.dataset.sample(readable(problem, contestants[0].candidate))
    learn, score, found = problem.learnt(sample, cutoff), sample.where(problem.scored(sample, cutoff)), []
    for each in contestants:
        started = time.perf_counter()
        model = fit_predictor(each.candidate, learn, dict(each.params), problem.search.seed, calibrate=False)
        found.append(FittedAt(model, raw_answers(model, score.X), time.perf_counter() - started))
    return found


def _scored(
    problem: Problem,
    contestant: Contestant,
    sample: Sample,
    known: Mapping[float, Sample],
    fitted: Mapping[float, FittedAt],
) -> Scored:
    """The contestant's models at the test cutoffs, calibrated by those at cutoffs before, and scored."""
    outcomes, answers, models = [], [], []
    for cutoff in problem.tests:
        model, at = fitted[cutoff].model, problem.scored(sample, cutoff)
        if problem.calibrate:
            model = calibrated(model, known[cutoff], partial(_raw_of, sample, fitted))
        models.append(model)
        outcomes.append(sample.y[at])
        answers.append(problem.target.answer(fitted[cutoff].raw, model.calibration, problem.question))
    by_cutoff = [problem.target.scores(y, a, problem.question) for y, a in zip(outcomes, answers, strict=True)]
    seconds = sum(each.seconds for each in fitted.values())
    return Scored(contestant, models[-1], mean_scores(by_cutoff), seconds, problem.tests, by_cutoff, outcomes, answers)


def _raw_of(sample: Sample, fitted: Mapping[float, FittedAt], cutoff: float, rows: Sample) -> Floats:
    """The raw predictions for these rows of the cutoff; they were made for all of its rows in ``sample``."""
    there = sample.places[sample.as_of == cutoff]
    return fitted[cutoff].raw[np.searchsorted(there, rows.places)]


def losses(problem: Problem, tested: Scored) -> list[Floats]:
    """Loss per row at each test cutoff, oldest first."""
    pairs = zip(tested.outcomes, tested.answers, strict=True)
    return [problem.target.loss(y, answer, problem.question) for y, answer in pairs]
