"""The gate of predictions: are the losses smaller than those of the baselines and of the champion, in every slice?"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from experiments.contest import BASELINE, TUNED, Contestant
from experiments.probe import leaks
from experiments.rolling import Problem, losses, rolling_test
from experiments.slices import worst_slice
from experiments.splits import day_of
from experiments.verdict import Difference, Verdict, decide, figures
from models.artifact import Loaded
from models.intervals import clustered_mean
from models.predictor import predict
from models.sample import Floats


def judge(problem: Problem, ours: Loaded, theirs: Loaded | None, found: Mapping[str, list[Floats]]) -> Verdict:
    """Compare losses: with baselines over all test cutoffs, with the champion at the newest, unseen by both models.

    A baseline is a method, so it is fitted for each cutoff, as the challenger was. The champion is one fitted model,
    and older cutoffs may be part of its training data.
    """
    if why := learned_too_late(problem, {"challenger": ours, "champion": theirs}):
        return Verdict(False, why)
    if found_leaks := leaks(problem):
        return Verdict(False, f"suspicious: {'; '.join(found_leaks)}")
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
    lead = None if theirs is None else artifact_loss(problem, theirs) - own[-1]
    champion = None if lead is None else difference(problem, lead, newest)
    verdict = decide(problem.promotion, problem.target.LOSS_WORDS, pooled, champion)
    if lead is not None and (worst := worst_slice(problem, lead, problem.tests[-1:])):
        return refused_by(worst, problem, verdict)
    return replace(verdict, reason=verdict.reason + caveats(ours))


def refused_by(worst: tuple[str, Difference], problem: Problem, verdict: Verdict) -> Verdict:
    """A refusal by the slice in which the challenger is worse than the champion, however good it is on the whole."""
    name, found = worst
    measure = f"{problem.target.LOSS_WORDS} advantage {found}"
    reason = f"worse than the champion among customers of this kind: {name} ({measure})"
    return Verdict(False, reason if verdict.promote else f"{verdict.reason}; {reason}", verdict.scores)


def caveats(ours: Loaded) -> str:
    """What a person should know although, or because, of the verdict: whether it is calibrated, and of any use."""
    about = ours.manifest.get("verdict", {})
    words = [about[name]["words"] for name in ("sound", "useful") if name in about and not about[name]["holds"]]
    return "".join(f"; but {each}" for each in words)


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
