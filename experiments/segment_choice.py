"""Which trial of a segment study is taken: of those that no other beats in everything, by the study's declared rule."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from experiments.search.trials import Trial, best
from experiments.segment_trial import VALIDATION, SegmentTrial
from models.segments.soundness import SOUND, WRONG_NUMBER, soundness

PREFERENCES = {
    "use": ("use_r2", "explain most of what customers do in the next period and are found again"),
    "spend": ("use_log_spend_r2", "explain most of what customers spend in the next period and are found again"),
    "kinds": ("use_order_r2", "explain most of what is in the next orders and are found again"),
    "separation": ("copula_gap", "are the most separate"),
    "stability": ("stability", "are the most stable"),
    "simplicity": ("told", "can be told by the fewest conditions"),
}
"""By name of the rule: the score that decides, and the rule in words. What segments explain counts as far as they are
found again: it is multiplied by their stability."""
LASTING = ("use", "spend", "kinds")
FALLBACK = "separation"
"""The rule where the preferred score is not known, because the history is too short to see what comes next."""
MOST_FINALISTS = 5


def chosen(about: SegmentTrial, trials: Sequence[Trial]) -> tuple[Trial, str]:
    """The first trial by the study's rule whose segments are sound, and why; the very first if none is.

    A trial's own gap rests on one draw without groups; whether segments are sound takes all. Where another number of
    groups is clearly better, the trial is repeated with that.
    """
    on_front, rule = ranked(trials, about.wanted.prefer)
    open_ = finalists(on_front)
    if rule == "separation":
        open_ = by_all_draws(about, open_)
    first, faults, repeated = open_[0], list[str](), False
    while open_:
        trial = open_.pop(0)
        scores = about.test_scores(about.fitted(trial.candidate, trial.params))
        verdict = soundness(scores, about.promotion.min_stability).verdict
        if verdict == SOUND:
            return trial, in_words(trial, rule, len(on_front), len(trials), faults)
        faults.append(verdict)
        again = verdict in WRONG_NUMBER and not repeated
        if again:
            open_.insert(0, with_number(about, trial, int(scores["better_k"])))
        repeated = again
    return first, in_words(first, rule, len(on_front), len(trials), faults)


def by_all_draws(about: SegmentTrial, trials: Sequence[Trial]) -> list[Trial]:
    """The trials by what goes beyond the best of all draws without groups, the most first."""
    scores = {each.slot: about.test_scores(about.fitted(each.candidate, each.params)) for each in trials}
    return sorted(trials, key=lambda each: -scores[each.slot]["copula_gap_low"])


def with_number(about: SegmentTrial, trial: Trial, k: int) -> Trial:
    """The trial with another number of groups, which the search did not try."""
    params = {**trial.params, "k": k}
    values, scores = about(trial.candidate, params)
    return replace(trial, params=params, values=values, scores=scores)


def ranked(trials: Sequence[Trial], prefer: str) -> tuple[list[Trial], str]:
    """Trials on the front, the preferred first, and the rule that ranked them; BadInput if no trial succeeded.

    Only trials within all limits are looked at; if there is none, the one that exceeds them least.
    """
    best(trials, "maximize")  # BadInput if none succeeded
    within = [each for each in trials if each.values is not None and each.excess <= 0]
    if not within:
        return [min((t for t in trials if t.values is not None), key=lambda each: each.excess)], ""
    rule = prefer if all(merit(each, prefer) == merit(each, prefer) for each in within) else FALLBACK
    return sorted(front(within), key=lambda each: (-merit(each, rule), each.slot)), rule


def merit(trial: Trial, rule: str) -> float:
    """By what a rule compares trials; nan if that is not known."""
    value = trial.scores[f"{VALIDATION}{PREFERENCES[rule][0]}"]
    return value * trial.scores[f"{VALIDATION}stability"] if rule in LASTING and value > 0 else value


def front(trials: Sequence[Trial]) -> list[Trial]:
    """Those that no other trial equals in every value and beats in one (Pareto), in their order."""
    values = np.array([trial.values for trial in trials])
    kept = []
    for place, own in enumerate(values):
        beaten = (values >= own).all(axis=1) & (values > own).any(axis=1)
        if not beaten.any():
            kept.append(trials[place])
    return kept


def finalists(ranked_trials: Sequence[Trial]) -> list[Trial]:
    """The first of them, at most ``MOST_FINALISTS``, each clustering once."""
    found: dict[str, Trial] = {}
    for trial in ranked_trials:
        found.setdefault(repr((trial.candidate, sorted(trial.params.items()))), trial)
    return list(found.values())[:MOST_FINALISTS]


def in_words(chosen: Trial, rule: str, on_front: int, tried: int, faults: Sequence[str]) -> str:
    """Why a trial was taken; ``faults`` are the verdicts on the finalists that are not sound, up to the first one that
    is.

    >>> from datetime import datetime
    >>> trial = Trial(7, "kmeans", {}, (0.1,), {}, "", datetime(2026, 1, 1), datetime(2026, 1, 1))
    >>> in_words(trial, "use", 12, 30, ["too fine"])
    'trial 7: of 12 trials that no other of 30 beats in everything, its segments explain most of what customers do in \
the next period and are found again (rule use); passed over as not sound: too fine'
    """
    if not rule:
        return f"trial {chosen.slot} exceeds the study's limits least: none of {tried} trials is within them all"
    words = f"trial {chosen.slot}: of {on_front} trials that no other of {tried} beats in everything, its segments "
    words += f"{PREFERENCES[rule][1]} (rule {rule})"
    return f"{words}; passed over as not sound: {', '.join(faults)}" if faults else words
