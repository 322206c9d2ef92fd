"""Prediction studies: search for a learner's parameters, test at rolling origins beside baselines, judge by loss.

The functions are those of ``experiments.kinds.Kind``; all that depends on the kind of answer is left to the target.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from experiments.config import matches
from experiments.contest import BASELINE, Contestant, Scored
from experiments.dataset import Dataset
from experiments.prediction_page import evidence, facts, in_short, metrics, pictures, summary, tables
from experiments.prediction_verdict import difference, judge
from experiments.proof import require_proof
from experiments.rolling import Problem, Validation, allowed, losses, rolling_test, rolling_tests
from experiments.rounds import folds_of
from experiments.search.trials import Trial, best
from experiments.splits import day_of, study_cutoffs, test_cutoffs, validation_folds
from experiments.study import PredictStudy
from features.engines import Tables
from features.errors import BadConfig, BadInput, HistoryTooShort
from features.windows import Frame
from models.artifact import Loaded
from models.learners import Learner, learner
from models.question import Question
from models.tasks import labelled

__all__ = [
    "DIRECTIONS",
    "INHERITS",
    "SLICED",
    "SNAPSHOTS",
    "candidate",
    "candidates",
    "choose",
    "columns",
    "common",
    "cutoffs",
    "evaluation",
    "evidence",
    "facts",
    "in_short",
    "judge",
    "metrics",
    "pictures",
    "prepare",
    "products",
    "question",
    "rows",
    "summary",
    "tables",
    "test",
]

DIRECTIONS = ("minimize",)
SNAPSHOTS = True
INHERITS = False
SLICED = True


def question(study: PredictStudy) -> Question:
    """The task at its horizons."""
    return study.question


def cutoffs(study: PredictStudy, first_at: float, last_at: float) -> list[float]:
    """Calendar dates with complete labels."""
    return study_cutoffs(study.cutoffs, study.question.horizon_days, first_at, last_at)


def columns(study: PredictStudy, features: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001
    """All features."""
    return features


def products(study: PredictStudy, tables: Tables) -> None:
    """None: what matters of products is in the features."""


def rows(study: PredictStudy, snapshot: Frame, tables: Tables, as_of: float) -> Frame:
    """The eligible customers, with their labels."""
    return labelled(study.question, snapshot, tables, as_of)


def candidates(study: PredictStudy) -> tuple[str, ...]:
    """The study's learners."""
    return study.learners


def candidate(name: str) -> Learner:
    """The learner."""
    return learner(name)


def common(problem: Problem) -> None:
    """Learners share no parameters."""


def prepare(study: PredictStudy, dataset: Dataset, champion: Loaded | None = None) -> Problem:  # noqa: ARG001
    """The problem; BadInput if the dataset was made for another question, HistoryTooShort if it can prove nothing."""
    if dataset.question != study.question:
        raise BadInput(
            f"the dataset answers {dataset.question}, study {study.name} asks for {study.question}: "
            "make a dataset for this study with `coterie dataset`"
        )
    refuse_undated(study, dataset)
    study.features.select(dataset.dated)
    check_columns(study, dataset)
    parts = (study.features, study.learners, study.baselines, study.calibrate, study.search, study.promotion)
    if study.cutoffs.folds:
        first, last = study.search.validation_folds, study.search.validation_folds + study.cutoffs.folds
        folds = folds_of(dataset.frame["customer_id"], last, study.sample.seed)
        require_proof(study.question, dataset, {"the test": (folds >= first) & (folds < last)})
        keys = tuple(map(float, range(first, last)))
        return Problem(study.question, dataset, keys, *parts, folds=folds, action=study.action)
    horizon_days = study.question.horizon_days
    tests = tests_among(dataset, horizon_days, study.cutoffs.test)
    check_validation(dataset.cutoffs, tests[0], horizon_days)
    require_proof(study.question, dataset, {f"test cutoff {day_of(at)}": dataset.as_of == at for at in tests})
    return Problem(study.question, dataset, tuple(tests), *parts, action=study.action)


def tests_among(dataset: Dataset, horizon_days: float, test: int | Sequence[date]) -> list[float]:
    """The test cutoffs among those at which there are customers; an error says where there are none."""
    try:
        return test_cutoffs(dataset.cutoffs, horizon_days, test, dataset.cutoffs[-1] + horizon_days)
    except HistoryTooShort as error:
        empty = len(dataset.facts.get("cutoffs", ())) - len(dataset.cutoffs)
        if empty <= 0:
            raise
        raise HistoryTooShort(
            f"no customer was eligible at {empty} of the newest cutoffs ({str(error).partition(':')[0]}): look in the "
            "audit for a stray late order or a long gap, then correct the source or load more history"
        ) from None


def check_columns(study: PredictStudy, dataset: Dataset) -> None:
    """Refuse a learner that names columns the dataset has not."""
    for name in (*study.learners, *study.baselines):
        if missing := dataset.lacks(learner(name).READS or ()):
            raise BadConfig(
                f"{name} reads {', '.join(missing[:5])}, which the dataset has not: take {name} out of {study.name}"
            )


def refuse_undated(study: PredictStudy, dataset: Dataset) -> None:
    """Refuse a study that includes, by one of its patterns, nothing but attributes without a date."""
    dated = set(dataset.dated)
    for pattern in study.features.include:
        found = [column for column in dataset.features if matches(column, (pattern,))]
        if found and dated.isdisjoint(found):
            raise BadConfig(
                f"features.include has {pattern!r}, which matches only attributes without a date: their values may say "
                "what only came to be known later. Give the source's customers.sql a known_at, or declare in "
                "source.toml that they were true all along (known_all_along)"
            )


def check_validation(cutoffs: Sequence[float], first_test: float, horizon_days: float) -> None:
    """Refuse cutoffs among which none can be validated at, because nobody was eligible at others or a test is early."""
    if not validation_folds(cutoffs, first_test, horizon_days, 1):
        raise HistoryTooShort(
            f"customers were found at {len(cutoffs)} cutoffs, none of which a model can be validated at before the "
            f"first test cutoff {day_of(first_test)}: look in the audit for a stray late order or a long gap, lower "
            "cutoffs.test, name later dates, or load more history"
        )


def evaluation(problem: Problem) -> Validation:
    """Mean loss over the validation folds."""
    return Validation(problem)


def choose(problem: Problem, trials: Sequence[Trial]) -> tuple[Trial, str]:
    """The best trial if it is proven better than the first guess (the champion's parameters, else the defaults).

    Among well regularised models the best of many trials is often only the luckiest, and loses its lead at the test
    cutoffs.
    """
    first, top = trials[0], best(trials, *DIRECTIONS)
    if problem.search.accept == "best" or first.value is None or top is first:
        return top, f"trial {top.slot} is the best of {len(trials)}"
    validation = Validation(problem)
    # A trial that an earlier process finished is evaluated again: only its scores were stored.
    each = (t.losses if t.losses is not None else validation(t.candidate, t.params)[2] for t in (first, top))
    gain = np.subtract(*each)
    found = difference(problem, gain, validation.customers)
    than = f"than the first guess by {found} {problem.target.LOSS_WORDS}"
    if found.low > 0:
        return top, f"trial {top.slot} of {len(trials)} is better {than}"
    return first, f"the first guess stays: trial {top.slot} of {len(trials)} is better {than}, which proves nothing"


def test(problem: Problem, entrants: Sequence[Contestant], workers: int) -> tuple[list[Scored], str]:
    """All contestants tested at every test cutoff, the one to register first."""
    own = [each for each in entrants if each.role != BASELINE]
    # Fitting a baseline takes less time than starting a process.
    baselines = [rolling_test(problem, each) for each in entrants if each.role == BASELINE]
    return winner_first(problem, [*rolling_tests(problem, own, workers), *baselines])


def winner_first(problem: Problem, tested: Sequence[Scored]) -> tuple[list[Scored], str]:
    """The contestants with the one to register first, and why that is not the tuned model (else an empty string).

    The simpler model wins unless the other proves itself: where the tuned model is not proven better than a baseline
    over the test cutoffs, the best such baseline is registered in its place. A baseline never stands in if it gives all
    customers the same answer (the constant) or reads columns that the study excludes. Then the tuned model is
    registered, and the gate will refuse it.
    """
    customer = problem.customers_at(problem.tests)
    own = np.concatenate(losses(problem, tested[0]))
    leads = [
        (difference(problem, np.concatenate(losses(problem, other)) - own, customer), other)
        for other in tested
        if other.contestant.role == BASELINE
    ]
    unbeaten = [(lead, other) for lead, other in leads if not lead.low > 0]
    if not unbeaten or not all(tells_apart(other) for _, other in unbeaten):
        return list(tested), ""
    lead, best_ = min(unbeaten, key=lambda each: each[0].mean)
    if not allowed(problem, best_.contestant.candidate):
        return list(tested), ""
    measure = f"{problem.target.LOSS_WORDS} advantage {lead}"
    why = f"{tested[0].contestant.name} is not proven better than {best_.contestant.candidate}: {measure}"
    return [best_, *(each for each in tested if each is not best_)], why


def tells_apart(tested: Scored) -> bool:
    """Whether customers get different answers at any test cutoff."""
    # A column without values, as the interval of an amount that is not calibrated, distinguishes nobody.
    return any(bool((a.max(axis=0) > a.min(axis=0)).any()) for a in tested.answers if len(a))
