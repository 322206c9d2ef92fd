"""Pictures of a predictor on the test cutoffs: calibrated? better than the baselines? since when? because of what?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.evaluate import BASELINE, TUNED, Tested
from experiments.objective import row_loss
from experiments.plots.style import COLOURS, GREY, INK, LIGHT, figure
from experiments.splits import day_of
from models.predictor import predict
from models.sample import Floats, Sample

IMPORTANCE_ROWS = 2_000
IMPORTANCE_SHUFFLES = 3


def colour_of(tested: Sequence[Tested], each: Tested) -> str:
    """The tuned model in the first colour, the others in theirs, constants grey."""
    if each.contestant.candidate == "constant":
        return GREY
    return COLOURS[[one.contestant.name for one in tested].index(each.contestant.name) % len(COLOURS)]


def label_of(each: Tested) -> str:
    """``lightgbm (tuned)``, ``lightgbm (untuned)``, ``logistic``."""
    contestant = each.contestant
    return contestant.candidate if contestant.role == BASELINE else f"{contestant.candidate} ({contestant.role})"


def calibration_plot(path: Path, title: str, tested: Sequence[Tested], happens: str) -> None:
    """Predicted against observed in ten equally large groups, with 95% intervals; all test cutoffs together."""
    ours = tested[0]
    y, p = np.concatenate(ours.outcomes), np.concatenate(ours.predictions)
    predicted, observed, low, high = calibration_points(y, p)
    with figure(path, title, 6.4, 5.2) as (_, axes):
        top = max(high.max(), predicted.max()) * 1.05
        axes.plot([0, top], [0, top], color=GREY, lw=1, ls="--", label="perfect")
        spread = np.abs(np.stack([observed - low, high - observed]))
        axes.errorbar(
            predicted, observed, spread, fmt="o-", color=COLOURS[0], capsize=3, lw=1.5, ms=6, label=label_of(ours)
        )
        counts, edges = np.histogram(p, bins=40, range=(0, top))
        axes.bar(
            edges[:-1],
            counts / counts.max() * 0.16 * top,
            width=np.diff(edges),
            align="edge",
            color=LIGHT,
            zorder=0,
            label="customers",
        )
        slope = ours.scores["calibration_slope"]
        axes.text(0.98, 0.03, f"slope {slope:.2f} (1 is right)", transform=axes.transAxes, ha="right", color=INK)
        axes.set(xlim=(0, top), ylim=(0, top), xlabel=f"predicted probability: {happens}", ylabel="observed share")
        axes.legend(loc="upper left")


def calibration_points(y: Floats, p: Floats, groups: int = 10) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean prediction, observed rate and its Wilson 95% interval of equally large groups by prediction."""
    parts = [part for part in np.array_split(np.argsort(p, kind="stable"), groups) if len(part)]
    n = np.array([len(part) for part in parts], dtype=np.float64)
    predicted = np.array([p[part].mean() for part in parts])
    observed = np.array([y[part].mean() for part in parts])
    z = 1.96
    centre = (observed + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(observed * (1 - observed) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return predicted, observed, centre - half, centre + half


def gains_plot(path: Path, title: str, tested: Sequence[Tested], happens: str) -> None:
    """Left: share of all cases found among the top share by score. Right: rate there over the base rate.

    Means over the test cutoffs.
    """
    with figure(path, title, 11, 4.6, columns=2) as (_, (gains, lifts)):
        for each in reversed(tested):
            curves = [gains_curve(y, p) for y, p in zip(each.outcomes, each.predictions, strict=True)]
            share, found = curves[0][0], np.mean([curve for _, curve in curves], axis=0)
            ours = each.contestant.role == TUNED
            style: dict[str, Any] = {
                "color": colour_of(tested, each),
                "lw": 2.4 if ours else 1.2,
                "zorder": 4 if ours else 2,
            }
            gains.plot(share, found, label=label_of(each), **style)
            inside = share >= 0.02
            lifts.plot(share[inside], found[inside] / share[inside], label=label_of(each), **style)
        gains.set(xlabel="share of customers, highest scores first", ylabel=f"share of those who: {happens}")
        gains.set(xlim=(0, 1), ylim=(0, 1.01), title="Gains")
        lifts.set(xlabel="share of customers, highest scores first", ylabel="lift over the base rate", title="Lift")
        lifts.set(xlim=(0, 1), ylim=(0.9, None))
        for axes in (gains, lifts):
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        gains.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        handles, labels = lifts.get_legend_handles_labels()
        lifts.legend(handles[::-1], labels[::-1], loc="upper right")


def gains_curve(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    """Share of customers on a grid of 201, and of the ones found there; tied scores are one straight step."""
    order = np.argsort(-p, kind="stable")
    last_of_tie = np.append(np.diff(p[order]) != 0, True)
    share = (np.flatnonzero(last_of_tie) + 1.0) / len(y)
    found = np.cumsum(y[order])[last_of_tie] / max(float(y.sum()), 1.0)
    grid = np.linspace(0.0, 1.0, 201)
    return grid, np.interp(grid, np.append(0.0, share), np.append(0.0, found))


def cutoffs_plot(path: Path, title: str, tested: Sequence[Tested]) -> None:
    """ROC AUC and log-loss of everyone at each test cutoff."""
    with figure(path, title, 11, 4.2, columns=2) as (_, both):
        for axes, name, word in zip(
            both, ("roc_auc", "log_loss"), ("ROC AUC, higher is better", "log-loss, lower is better"), strict=True
        ):
            for each in reversed(tested):
                ours = each.contestant.role == TUNED
                axes.plot(
                    range(len(each.cutoffs)),
                    [scores[name] for scores in each.by_cutoff],
                    marker="o",
                    color=colour_of(tested, each),
                    lw=2.4 if ours else 1.2,
                    ms=7 if ours else 4,
                    label=label_of(each),
                    zorder=4 if ours else 2,
                )
            axes.set_title(word)
            axes.set_xticks(range(len(tested[0].cutoffs)), [str(day_of(cutoff)) for cutoff in tested[0].cutoffs])
            axes.set_xlabel("test cutoff")
            axes.margins(x=0.12)
        handles, labels = both[1].get_legend_handles_labels()
        both[1].legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5))


def importance_plot(path: Path, title: str, names: Sequence[str], drops: NDArray[np.float64]) -> None:
    """The features whose shuffling costs most log-loss at the newest test cutoff; ``drops`` is (features, shuffles)."""
    order = np.argsort(drops.mean(axis=1))[-15:]
    with figure(path, title, 8, 0.32 * len(order) + 1.3) as (_, axes):
        means, spread = drops.mean(axis=1)[order], drops.std(axis=1)[order]
        axes.barh(
            range(len(order)), means, xerr=spread, color=COLOURS[0], height=0.7, error_kw={"ecolor": GREY, "lw": 1}
        )
        axes.set_yticks(range(len(order)), [names[i] for i in order])
        axes.set_xlabel("rise of log-loss when the feature is shuffled")
        axes.grid(axis="y", visible=False)
        axes.margins(y=0.02)


def permutation_importance(ours: Tested, newest: Sample, seed: int) -> tuple[list[str], NDArray[np.float64]]:
    """Names, and the rise of the log-loss at the newest cutoff when that feature is shuffled: (features, shuffles).

    On at most ``IMPORTANCE_ROWS`` customers.
    """
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(len(newest.X))[:IMPORTANCE_ROWS])
    X, y = newest.X.iloc[rows].reset_index(drop=True), newest.y[rows]
    base = row_loss(y, predict(ours.model, X)).mean()
    names = [str(name) for name in ours.model.features]
    drops = np.zeros((len(names), IMPORTANCE_SHUFFLES))
    for i, name in enumerate(names):
        for shuffle in range(IMPORTANCE_SHUFFLES):
            shuffled = X.assign(**{name: random.permutation(X[name].to_numpy())})
            drops[i, shuffle] = row_loss(y, predict(ours.model, shuffled)).mean() - base
    return names, drops
