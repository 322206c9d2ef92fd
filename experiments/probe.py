"""The leak probe: what would be too good to be true, looked for in every study.

Three signs of a leak: a feature that foretells the outcome alone, a model that predicts shuffled labels, and labels of
the training that reach into the test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from experiments.config import matches
from experiments.rolling import Problem, Validation, readable
from features.families import attributes_of
from features.indicators import split
from models.predictor import fit_predictor, predict
from models.sample import Floats, Mask, Sample
from models.scores import roc_auc

ALONE = 0.95
"""AUC that no feature of the past reaches alone, unless it knows the answer."""
AHEAD, FAR_AHEAD = 0.85, 0.1
"""Or, of an attribute of a person, such an AUC, and so far ahead of all that people did."""
ERRORS = 3.0
"""Standard errors by which the AUC of shuffled labels may differ from one half."""
ROWS = 20_000
FEWEST_EACH = 30
NAN = float("nan")


@dataclass(frozen=True)
class Probe:
    """``suspects``: features that foretell too well, with their AUC; ``best``: the best of the others. ``shuffled``:
    AUC of a model of shuffled labels, with its standard error, nan where none was made; ``touching``: test cutoffs that
    labels of their training reach into."""

    suspects: Mapping[str, float]
    best: tuple[str, float]
    shuffled: float
    shuffled_error: float
    touching: tuple[str, ...]

    def faults(self) -> list[str]:
        """What was found, in words; empty if nothing is suspicious."""
        found = [
            f"{name} alone foretells the outcome with an AUC of {auc:.2f}: it may know what came later; leave it out, "
            "or name it in promotion.trusted"
            for name, auc in self.suspects.items()
        ]
        if abs(self.shuffled - 0.5) > ERRORS * self.shuffled_error:
            found.append(f"a model of shuffled labels has an AUC of {self.shuffled:.2f}, which should be 0.50")
        if self.touching:
            found.append(f"labels of the training reach into the test at {', '.join(self.touching)}")
        return found

    def in_words(self) -> str:
        """What was looked for and found."""
        if faults := self.faults():
            return "; ".join(faults)
        words = f"no feature foretells the outcome alone (the best, {self.best[0]}, has an AUC of {self.best[1]:.2f})"
        if self.shuffled == self.shuffled:
            words += f"; with shuffled labels the AUC is {self.shuffled:.2f}"
        return f"{words}; no label of the training reaches into the test"


def probe(problem: Problem) -> Probe:
    """Look for leaks in what the study's learner reads; the test itself is not looked at. It is done once a problem."""
    return problem.once("probe", lambda: _probe(problem, *shuffled_labels(problem, problem.learners[0])))


def leaks(problem: Problem) -> list[str]:
    """What would refuse a model, in words: the same without the model of shuffled labels, which takes a fit."""
    return problem.once("leaks", lambda: _probe(problem, NAN, NAN)).faults()


def _probe(problem: Problem, shuffled_auc: float, error: float) -> Probe:
    found = aucs(problem, readable(problem, problem.learners[0]))
    trusted = [name for name in found if matches(name, problem.promotion.trusted)]
    suspects = {name: auc for name, auc in too_good(found).items() if name not in trusted}
    others = {name: auc for name, auc in found.items() if name not in suspects} or {"none": 0.5}
    best = max(others, key=lambda name: others[name])
    return Probe(suspects, (best, others[best]), shuffled_auc, error, touching(problem))


def before_tests(problem: Problem, columns: Sequence[str]) -> Sample:
    """The newest rows that are learnt from at the first test cutoff."""
    known = problem.learnt(problem.dataset.sample(columns), problem.tests[0])
    return known.where(np.arange(len(known)) >= len(known) - ROWS)


def aucs(problem: Problem, columns: Sequence[str]) -> dict[str, float]:
    """How well each column alone ranks the outcome before the tests, in either direction; null is the lowest value."""
    sample = before_tests(problem, columns)
    event = problem.target.event(sample.y, problem.question)
    known = ~np.isnan(event)
    if min((event[known] == 1.0).sum(), (event[known] == 0.0).sum()) < FEWEST_EACH:
        return {}
    return {name: auc_of(sample.column(name)[known], event[known] == 1.0) for name in columns}


def auc_of(values: Floats, event: Mask) -> float:
    """AUC of a column, at least one half: the Mann-Whitney statistic of its ranks.

    >>> auc_of(np.array([1.0, 2.0, np.nan, 3.0]), np.array([False, True, False, True]))
    1.0
    """
    ranks = rankdata(np.where(np.isnan(values), -np.inf, values))
    ones, zeros = int(event.sum()), int((~event).sum())
    auc = float((ranks[event].sum() - ones * (ones + 1) / 2) / (ones * zeros))
    return max(auc, 1.0 - auc)


def too_good(found: Mapping[str, float]) -> dict[str, float]:
    """Those that no feature of the past should be as good as.

    >>> too_good({"profile_status=left": 0.91, "purchase_recency_days": 0.8, "profile_country=france": 0.55})
    {'profile_status=left': 0.91}
    """
    done = max((auc for name, auc in found.items() if not attributes_of(split(name)[0])), default=1.0)
    return {
        name: auc
        for name, auc in found.items()
        if auc >= ALONE or (attributes_of(split(name)[0]) and auc >= max(AHEAD, done + FAR_AHEAD))
    }


def shuffled_labels(problem: Problem, candidate: str) -> tuple[float, float]:
    """AUC of the learner, with its defaults, on labels that are shuffled among the customers of each cutoff, and its
    standard error (Hanley & McNeil 1982, without a difference); nan if there are too few labels."""
    validation = Validation(problem)
    learn, score = validation.newest_fold(readable(problem, candidate))
    random = np.random.default_rng(problem.search.seed)
    model = fit_predictor(candidate, shuffled(learn, random), {}, problem.search.seed, calibrate=False)
    event = problem.target.event(shuffled(score, random).y, problem.question)
    known = ~np.isnan(event)
    ones, zeros = int((event[known] == 1.0).sum()), int((event[known] == 0.0).sum())
    if min(ones, zeros) < FEWEST_EACH:
        return NAN, NAN
    levels = problem.target.levels(score.y[known], predict(model, score.X)[known], problem.question)
    error = float(np.sqrt((ones + zeros + 1) / (12.0 * ones * zeros)))
    return roc_auc(event[known], list(levels.values())[-1][1]), error


def shuffled(sample: Sample, random: np.random.Generator) -> Sample:
    """The sample with the labels of each cutoff given to its customers at random."""
    order = np.arange(len(sample))
    for cutoff in sample.cutoffs():
        rows = np.flatnonzero(sample.as_of == cutoff)
        order[rows] = random.permutation(rows)
    return sample.labelled(sample.y[order])


def touching(problem: Problem) -> tuple[str, ...]:
    """Test cutoffs at which a model would learn from what came at them or later; of folds, those with customers in
    common."""
    sample = problem.dataset.sample(())
    found = []
    for key in problem.tests:
        known, at = problem.learnt(sample, key), problem.scored(sample, key)
        if problem.folds is not None:
            late = bool(np.intersect1d(known.places, sample.places[at]).size)
        else:
            late = bool((known.as_of + problem.question.horizons[0] > key).any())
        if late:
            found.append(problem.name(key))
    return tuple(found)
