"""Which trial a study goes on with: parameters change only when the change is proven on the validation folds.

Among well regularised models the best of many trials is often the luckiest; its lead is gone at the test cutoffs.
"""

from collections.abc import Sequence

from experiments.config import StudyConfig
from experiments.dataset import Dataset
from experiments.objective import bootstrap_mean, validation_losses
from experiments.search.trials import Trial, best


def choose(config: StudyConfig, dataset: Dataset, trials: Sequence[Trial]) -> tuple[Trial, str]:
    """The trial to test and register, and why.

    The best one, or the first guess (the champion's parameters, else the defaults) where the best is not proven better
    than it: the interval of ``promotion.confidence`` over rows of the validation folds must lie above zero.
    """
    first, top = trials[0], best(config, trials)
    if config.kind == "segment" or config.search.accept == "best" or first.value is None or top is first:
        return top, f"trial {top.slot} is the best of {len(trials)}"
    gain = validation_losses(config, dataset, first.candidate, first.params)
    gain = gain - validation_losses(config, dataset, top.candidate, top.params)
    mean, low, high = bootstrap_mean(gain, config.promotion.draws, config.promotion.confidence, config.search.seed)
    found = f"than the first guess by {mean:.4f} [{low:+.4f}, {high:+.4f}] log-loss"
    if low > 0:
        return top, f"trial {top.slot} of {len(trials)} is better {found}"
    return first, f"the first guess is kept: trial {top.slot} of {len(trials)} is better {found}, which proves nothing"
