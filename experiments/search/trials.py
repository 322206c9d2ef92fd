"""The search: Optuna proposes, workers evaluate, finished trials are stored; a killed search resumes where it was.

Proposals are made in memory and only finished trials are stored, so a killed process leaves nothing half-done behind.
Slot k is the k-th proposal. It is drawn with seed + k from the results of all slots up to k - parallel, whatever the
number of workers and however often the search was interrupted; so the same study finds the same parameters.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from experiments.config import Search
from experiments.search.objective import LIMIT, Evaluate, Objective, Outcome, Values
from experiments.search.workers import evaluator
from experiments.tracking.databases import prepare
from experiments.tracking.schemas import optuna_schema
from experiments.tracking.stores import creation_lock, is_sqlite
from features.errors import BadDatabase, BadInput

Guess = tuple[str, Mapping[str, Any]]
"""The name of a learner or clusterer, and parameters to try."""


@dataclass(frozen=True)
class Trial:
    """One finished trial. ``values``, one an objective, is None if it failed, and ``reason`` says why; ``scores`` are
    means over folds.

    ``losses`` per row are None if the evaluation has none, or if the trial was finished by an earlier process.
    """

    slot: int
    candidate: str
    params: Mapping[str, Any]
    values: Values | None
    scores: Mapping[str, float]
    reason: str
    started: datetime
    finished: datetime
    losses: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    @property
    def value(self) -> float | None:
        """Of the first objective."""
        return None if self.values is None else self.values[0]

    @property
    def excess(self) -> float:
        """Sum of what exceeds a limit; 0 if the trial is within all."""
        return sum(max(0.0, value) for name, value in self.scores.items() if name.startswith(LIMIT))


@dataclass(frozen=True)
class Space:
    """What is searched: learners or clusterers by name, the study's settings, and for each objective which value is
    better. ``common``, if any, has the ``DEFAULTS`` and ``space`` of parameters that all candidates share."""

    candidates: Mapping[str, Any]
    settings: Search
    directions: Sequence[Literal["minimize", "maximize"]]
    common: Any = None


@dataclass
class _Pending:
    trial: optuna.Trial
    slot: int
    candidate: str
    params: dict[str, Any]
    future: Future[Outcome]
    done: Trial | None = None


def search(
    space: Space,
    evaluate: Evaluate,
    storage_url: str,
    study_name: str,
    *,
    workers: int = 1,
    warm_start: Sequence[Guess] = (),
    on_trial: Callable[[Trial], None] | None = None,
) -> list[Trial]:
    """``space.settings.trials`` trials, in the order of their slots; those already stored are not run again.

    The warm start and each candidate's defaults are tried first. ``on_trial`` is called once for every trial, stored
    ones included.
    """
    directions = list(space.directions)
    storage = open_storage(storage_url)
    log = optuna.create_study(storage=storage, study_name=study_name, directions=directions, load_if_exists=True)
    stored = {t.user_attrs["slot"]: t for t in log.get_trials(deepcopy=False) if "slot" in t.user_attrs}
    proposals = optuna.create_study(directions=directions)
    for guess in first_guesses(space, warm_start):
        proposals.enqueue_trial(guess)
    pending: deque[_Pending] = deque()
    trials: list[Trial] = []

    def record(item: _Pending) -> None:
        item.done = finished_trial(item)
        if item.slot not in stored:
            log.add_trial(as_stored(item.trial, item.done))
        if on_trial:
            on_trial(item.done)

    with evaluator(Objective(evaluate), workers) as start:
        for slot in range(space.settings.trials):
            if len(pending) == space.settings.parallel:
                trials.append(settle_oldest(proposals, pending, record))
            pending.append(propose(space, proposals, slot, stored.get(slot), start))
            for item in pending:
                if item.done is None and item.future.done():
                    record(item)
        while pending:
            trials.append(settle_oldest(proposals, pending, record))
    return trials


def best(trials: Sequence[Trial], direction: str) -> Trial:
    """The trial with the best value, the earliest of equals; BadInput if none succeeded."""
    valid = [trial for trial in trials if trial.value is not None]
    if not valid:
        reasons = sorted({trial.reason for trial in trials})
        raise BadInput(f"none of the {len(trials)} trials succeeded: {'; '.join(reasons[:3])}")
    sign = 1.0 if direction == "minimize" else -1.0
    return min(valid, key=lambda trial: sign * (trial.value or 0.0))


def open_storage(url: str) -> optuna.storages.RDBStorage:
    """Optuna's storage at ``url``; an SQLite database is created or migrated first, once for all processes."""
    logging.getLogger("optuna").setLevel(logging.WARNING)
    settings = {"connect_args": {"timeout": 60}} if is_sqlite(url) else {}
    prepare(url, optuna_schema())
    with nullcontext() if is_sqlite(url) else creation_lock(url):
        try:
            return optuna.storages.RDBStorage(url, engine_kwargs=settings)
        except RuntimeError as error:  # of a server's database: a file's schema is right by now
            raise BadDatabase(f"the tables of searches are of another version of Optuna: {error}") from error


def first_guesses(space: Space, warm_start: Sequence[Guess]) -> list[dict[str, Any]]:
    """Parameters tried before anything is sampled: the champion's, then each candidate's defaults."""
    shared = {} if space.common is None else dict(space.common.DEFAULTS)
    defaults = [(name, {**shared, **module.DEFAULTS}) for name, module in space.candidates.items()]
    guesses = [guess for guess in (*warm_start, *defaults) if guess[0] in space.candidates]
    if len(space.candidates) == 1:
        return unique(dict(params) for _, params in guesses)
    return unique(
        {"candidate": name, **{k if k in shared else f"{name}.{k}": v for k, v in params.items()}}
        for name, params in guesses
    )


def unique(guesses: Any) -> list[dict[str, Any]]:
    """Each guess once, in order."""
    found: list[dict[str, Any]] = []
    for guess in guesses:
        if guess not in found:
            found.append(guess)
    return found


def propose(
    space: Space,
    proposals: optuna.Study,
    slot: int,
    stored: FrozenTrial | None,
    start: Callable[[str, dict[str, Any]], Future[Outcome]],
) -> _Pending:
    """Draw the parameters of a slot, and start their evaluation unless the slot's outcome is stored."""
    proposals.sampler = optuna.samplers.TPESampler(seed=space.settings.seed + slot, n_startup_trials=at_random(space))
    trial = proposals.ask()
    candidate, params = draw(space, trial)
    if stored is None:
        return _Pending(trial, slot, candidate, params, start(candidate, params))
    # A stored trial counts for its slot, even if the search space has changed since.
    future: Future[Outcome] = Future()
    future.set_result(outcome_of(stored))
    return _Pending(trial, slot, stored.user_attrs["candidate"], stored.user_attrs["params"], future)


def at_random(space: Space) -> int:
    """Trials that are drawn at random before the sampler learns; half of them where a front is looked for."""
    trials = space.settings.trials
    return max(4, min(10, trials // 3) if len(space.directions) == 1 else trials // 2)


def draw(space: Space, trial: optuna.Trial) -> tuple[str, dict[str, Any]]:
    """A candidate and its complete parameters."""
    shared = {} if space.common is None else {**space.common.DEFAULTS, **space.common.space(trial)}
    if len(space.candidates) == 1:
        ((name, module),) = space.candidates.items()
        return name, {**shared, **module.DEFAULTS, **module.space(trial)}
    name = str(trial.suggest_categorical("candidate", tuple(space.candidates)))
    module = space.candidates[name]
    return name, {**shared, **module.DEFAULTS, **module.space(_Prefixed(trial, name))}


class _Prefixed:
    """An Optuna trial that prefixes parameters with the candidate's name, because two candidates may share a name."""

    def __init__(self, trial: optuna.Trial, name: str) -> None:
        self.trial, self.name = trial, name

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        return self.trial.suggest_float(f"{self.name}.{name}", low, high, log=log)

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        return self.trial.suggest_int(f"{self.name}.{name}", low, high, log=log)

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        return self.trial.suggest_categorical(f"{self.name}.{name}", choices)


def settle_oldest(proposals: optuna.Study, pending: deque[_Pending], record: Callable[[_Pending], None]) -> Trial:
    """Wait for the oldest trial, record all that finish meanwhile, and report the oldest's value to the sampler."""
    while pending[0].done is None:
        wait([item.future for item in pending if item.done is None], return_when=FIRST_COMPLETED)
        for item in pending:
            if item.done is None and item.future.done():
                record(item)
    oldest = pending.popleft()
    assert oldest.done is not None
    if oldest.done.values is None:
        proposals.tell(oldest.trial, state=TrialState.FAIL)
    else:
        constrain(oldest.trial, oldest.done.scores)
        proposals.tell(oldest.trial, oldest.done.values)
    return oldest.done


def constrain(trial: optuna.Trial | FrozenTrial, scores: Mapping[str, float]) -> None:
    """Tell Optuna by how much the trial exceeds each limit."""
    for name, value in scores.items():
        if name.startswith(LIMIT):
            trial.set_constraint(name, value)


def finished_trial(item: _Pending) -> Trial:
    outcome = item.future.result()
    return Trial(
        item.slot,
        item.candidate,
        item.params,
        outcome.values,
        outcome.scores,
        outcome.reason,
        outcome.started,
        outcome.finished,
        outcome.losses,
    )


def as_stored(trial: optuna.Trial, done: Trial) -> FrozenTrial:
    """A finished trial as Optuna stores it."""
    stored = FrozenTrial(
        number=-1,
        trial_id=-1,
        state=TrialState.FAIL if done.values is None else TrialState.COMPLETE,
        value=None,
        values=done.values,
        datetime_start=done.started,
        datetime_complete=done.finished,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs={
            "slot": done.slot,
            "candidate": done.candidate,
            "params": dict(done.params),
            "scores": dict(done.scores),
            "reason": done.reason,
        },
        system_attrs={},
        intermediate_values={},
    )
    if done.values is not None:
        constrain(stored, done.scores)
    return stored


def outcome_of(stored: FrozenTrial) -> Outcome:
    """The outcome that ``as_stored`` stored."""
    about = stored.user_attrs
    started, finished = stored.datetime_start, stored.datetime_complete
    assert started is not None
    assert finished is not None
    values = tuple(stored.values) if stored.state == TrialState.COMPLETE else None
    return Outcome(values, about["scores"], about["reason"], started, finished)
