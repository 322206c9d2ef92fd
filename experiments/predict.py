"""Prediction studies: search for a learner's parameters, test at rolling origins beside baselines, judge by loss.

The functions are those of ``experiments.kinds.Kind``; all that depends on the kind of answer is left to the target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.contest import BASELINE, TUNED, Contestant, Scored
from experiments.dataset import Dataset
from experiments.proof import require_proof
from experiments.rolling import Problem, Validation, allowed, losses, rolling_test, rolling_tests
from experiments.rounds import folds_of
from experiments.search.trials import Trial, best
from experiments.splits import day_of, study_cutoffs, test_cutoffs, validation_folds
from experiments.study import PredictStudy
from experiments.verdict import Difference, Verdict, decide, figures
from features.engines import Tables
from features.errors import BadConfig, BadInput, HistoryTooShort
from features.windows import Frame
from models.artifact import Loaded
from models.intervals import clustered_mean
from models.learners import Learner, learner
from models.predictor import predict
from models.question import Question
from models.sample import Floats
from models.tasks import labelled, task

DIRECTIONS = ("minimize",)
SNAPSHOTS = True
INHERITS = False


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
    study.features.select(dataset.features)
    check_columns(study, dataset)
    parts = (study.features, study.baselines, study.calibrate, study.search, study.promotion)
    if study.cutoffs.folds:
        first, last = study.search.validation_folds, study.search.validation_folds + study.cutoffs.folds
        folds = folds_of(dataset.frame["customer_id"], last, study.sample.seed)
        require_proof(study.question, dataset, {"the test": (folds >= first) & (folds < last)})
        return Problem(study.question, dataset, tuple(map(float, range(first, last))), *parts, folds=folds)
    horizon_days = study.question.horizon_days
    tests = tests_among(dataset, horizon_days, study.cutoffs.test)
    check_validation(dataset.cutoffs, tests[0], horizon_days)
    require_proof(study.question, dataset, {f"test cutoff {day_of(at)}": dataset.as_of == at for at in tests})
    return Problem(study.question, dataset, tuple(tests), *parts)


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


def metrics(problem: Problem, tested: Sequence[Scored]) -> dict[str, float]:
    """Lowest and highest scores over the test cutoffs; at the newest, the model's advantage over each contestant."""
    ours, kind = tested[0], problem.target
    found = spread(ours.by_cutoff, tuple(kind.lines(problem.question)))
    newest = problem.customers_at(problem.tests[-1:])
    for other in tested[1:]:
        lead = difference(problem, losses(problem, other)[-1] - losses(problem, ours)[-1], newest)
        prefix = f"newest_{kind.LOSS}_advantage_over/{other.contestant.name.replace(' ', '_')}"
        found |= {prefix: lead.mean, f"{prefix}_low": lead.low, f"{prefix}_high": lead.high}
    return {f"test_{name}" if name.endswith(("_lowest", "_highest")) else name: v for name, v in found.items()}


def spread(by_cutoff: Sequence[Mapping[str, float]], names: Sequence[str]) -> dict[str, float]:
    """``<name>_lowest`` and ``<name>_highest`` over the cutoffs."""
    return {
        f"{name}_{word}": float(pick([scores[name] for scores in by_cutoff]))
        for name in names
        for word, pick in (("lowest", min), ("highest", max))
    }


def facts(problem: Problem, ours: Scored) -> dict[str, Any]:
    """The training window and the test cutoffs, as dates."""
    horizon_days, newest = problem.question.horizon_days, problem.newest
    learned = [c for c in problem.dataset.cutoffs if c + problem.question.horizons[0] <= newest]
    learned = learned if problem.folds is None else problem.dataset.cutoffs
    return {
        "training_window": {
            "first_cutoff": str(day_of(learned[0])),
            "last_cutoff": str(day_of(learned[-1])),
            "labels_end": str(day_of(min(learned[-1] + horizon_days, newest))),
        },
        "test_cutoffs": [problem.name(cutoff) for cutoff in ours.cutoffs],
    }


def evidence(problem: Problem, tested: Sequence[Scored]) -> dict[str, list[Floats]]:
    """By contestant, losses per row at each test cutoff, rows in the dataset's order."""
    return {each.contestant.name: losses(problem, each) for each in tested}


def pictures(problem: Problem, folder: Path, title: str, tested: Sequence[Scored]) -> None:
    """The target's charts, scores over the cutoffs, and feature importance."""
    from experiments.plots import charts, predictions

    happens = task(problem.question.task).HAPPENS.format(days=problem.question.horizon_days)
    forecasts = [each.forecasts(ours=each is tested[0]) for each in tested]
    for chart in problem.target.charts(in_money_of(problem), happens, forecasts):
        charts.draw(folder / f"{chart.name}.png", chart, title)
    charts.draw(folder / "scores_by_cutoff.png", predictions.scores_by_cutoff(problem, tested), title)
    predictions.importance_plot(folder / "importance.png", f"Feature importance: {title}", problem, tested[0])


def in_money_of(problem: Problem) -> Question:
    """The question with the shop's own currency as the unit of amounts of money, for people."""
    own = problem.dataset.currency
    return replace(problem.question, unit=own) if problem.question.unit == "currency" and own else problem.question


def tables(problem: Problem, tested: Sequence[Scored]) -> dict[str, dict[str, list[Any]]]:  # noqa: ARG001
    """None: the scores are metrics, which the UI compares by itself."""
    return {}


def summary(problem: Problem, tested: Sequence[Scored]) -> tuple[str, list[str]]:
    """The test cutoffs."""
    if problem.folds is not None:
        at = f"{len(problem.tests)} folds of customers at {day_of(problem.newest)}"
        return f"Means over {at}; each model learned from the customers of the other folds.", []
    dates = ", ".join(str(day_of(cutoff)) for cutoff in tested[0].cutoffs)
    return f"Means over the test cutoffs {dates}; each model learned only from labels known at the cutoff.", []


def judge(problem: Problem, ours: Loaded, theirs: Loaded | None, found: Mapping[str, list[Floats]]) -> Verdict:
    """Compare losses: with baselines over all test cutoffs, with the champion at the newest, unseen by both models.

    A baseline is a method, so it is fitted for each cutoff, as the challenger was. The champion is one fitted model,
    and older cutoffs may be part of its training data.
    """
    if why := learned_too_late(problem, {"challenger": ours, "champion": theirs}):
        return Verdict(False, why)
    name, others = ours.model.learner, [b for b in problem.baselines if b != ours.model.learner]
    own_role = Contestant(BASELINE if name in problem.baselines else TUNED, name, ours.model.params)
    own = [*recalled(problem, own_role, found)[:-1], artifact_loss(problem, ours)]
    baselines = {other: recalled(problem, Contestant(BASELINE, other, {}), found) for other in others}
    gains = {other: [one - mine for one, mine in zip(loss, own, strict=True)] for other, loss in baselines.items()}
    newest = problem.customers_at(problem.tests[-1:])
    if verdict := worse_now(problem, {other: difference(problem, gain[-1], newest) for other, gain in gains.items()}):
        return verdict
    customer = problem.customers_at(problem.tests)
    pooled = {other: difference(problem, np.concatenate(gain), customer) for other, gain in gains.items()}
    champion = difference(problem, artifact_loss(problem, theirs) - own[-1], newest) if theirs else None
    return decide(problem.promotion, problem.target.LOSS_WORDS, pooled, champion)


def learned_too_late(problem: Problem, models: Mapping[str, Loaded | None]) -> str:
    """Why a model cannot be judged here: it was trained on labels after the newest test cutoff; empty if none was."""
    newest = str(day_of(problem.newest))
    for name, loaded in models.items():
        if loaded is not None and (end := loaded.manifest["training_window"]["labels_end"]) > newest:
            reason = f"the {name} was trained on labels up to {end}, after the newest test cutoff {newest}: "
            return reason + "judge it on a newer dataset"
    return ""


def recalled(problem: Problem, contestant: Contestant, found: Mapping[str, list[Floats]]) -> list[Floats]:
    """The contestant's losses at each test cutoff, from the run's evidence or else from a new test."""
    if contestant.name in found:
        return found[contestant.name]
    return losses(problem, rolling_test(problem, contestant))


def artifact_loss(problem: Problem, loaded: Loaded) -> Floats:
    """Loss per row, at the newest test cutoff, of the model that would be served."""
    sample = problem.dataset.sample(loaded.model.features)
    newest = sample.where(problem.scored(sample, problem.tests[-1]))
    return problem.target.loss(newest.y, predict(loaded.model, newest.X), problem.question)


def worse_now(problem: Problem, newest: Mapping[str, Difference]) -> Verdict | None:
    """A refusal if the model is proven worse than a baseline at the newest test cutoff, else None."""
    worse = {name: gain for name, gain in newest.items() if gain.high < 0}
    if not worse:
        return None
    name = min(worse, key=lambda each: worse[each].mean)
    measure = f"{problem.target.LOSS_WORDS} advantage {worse[name]}"
    return Verdict(False, f"worse than {name} at the newest test cutoff: {measure}", figures(worse))


def difference(problem: Problem, each: Floats, customer: NDArray[np.int64]) -> Difference:
    """Mean of ``each`` (advantages per row), with the study's bootstrap interval over customers."""
    promotion = problem.promotion
    return Difference(*clustered_mean(each, customer, promotion.draws, promotion.confidence, problem.search.seed))
