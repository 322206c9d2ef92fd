"""The plot of a search."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.plots.style import COLOURS, GREY, INK, figure
from experiments.search.trials import Trial

LOWER = "loss on validation folds,\nlower is better"
HIGHER = "silhouette above one cloud,\nhigher is better"


def search_plot(path: Path, name: str, trials: Sequence[Trial], direction: str) -> None:
    """Every trial's value in the order tried, and the best so far."""
    lower_is_better = direction == "minimize"
    tried = np.array([np.nan if trial.value is None else trial.value for trial in trials])
    names = [trial.candidate for trial in trials]
    pick = np.fmin if lower_is_better else np.fmax
    with figure(path, f"{len(trials)} trials of {name}", 9, 3.6) as (_, axes):
        for colour, one in zip(COLOURS, dict.fromkeys(names), strict=False):
            chosen = np.array([each == one for each in names])
            axes.scatter(np.flatnonzero(chosen), tried[chosen], s=28, color=colour, label=one, zorder=3)
        axes.step(np.arange(len(tried)), pick.accumulate(tried), where="post", color=INK, lw=1.4, label="best so far")
        _limit(axes, tried, lower_is_better)
        axes.set(xlabel="trial", ylabel=LOWER if lower_is_better else HIGHER)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def _limit(axes: Any, tried: "np.ndarray[Any, np.dtype[np.float64]]", lower_is_better: bool) -> None:
    """Limit the axis so that one bad trial does not flatten the rest; it is marked at the edge."""
    finite = tried[np.isfinite(tried)]
    if len(finite) <= 3:
        return
    low, high = np.quantile(finite, (0.0, 0.9) if lower_is_better else (0.1, 1.0))
    pad = 0.08 * (high - low) or 0.01
    axes.set_ylim(low - pad, high + pad)
    beyond = np.flatnonzero(tried > high + pad if lower_is_better else tried < low - pad)
    edge, marker = (high + 0.6 * pad, "^") if lower_is_better else (low - 0.6 * pad, "v")
    if len(beyond):
        axes.scatter(beyond, np.full(len(beyond), edge), marker=marker, s=28, color=GREY, label="beyond the axis")
