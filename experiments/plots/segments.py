"""Plots of a segmentation: the segments' medians, a map of the customers, revenue, and silhouette gaps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.contest import TUNED, Scored
from experiments.plots.labels import spread
from experiments.plots.style import COLOURS, GREY, INK, LIGHT, figure, wrapped
from models.charts import percent
from models.segments import preprocessing
from models.segments.clusterers import NOISE, Floats
from models.segments.segmenter import Segmenter, assign_labels
from models.words import feature_words, value_words

MAP_ROWS = 4_000
MAP_TEXT: Any = {"ha": "center", "va": "center", "fontsize": 9, "fontweight": "bold"}
HEAD_LETTERS, NAME_LETTERS, MAP_LETTERS = 16, 34, 24
"""Letters in a line of a column's head, of a segment's name beside a row, and on the map."""


def colours_of(segmenter: Segmenter) -> dict[int, str]:
    """One colour per label, by the segment's position in the segment catalogue; noise is light grey."""
    labels = [segment.label for segment in segmenter.catalogue if segment.label != NOISE]
    return {NOISE: LIGHT} | {label: COLOURS[i % len(COLOURS)] for i, label in enumerate(labels)}


def profile_plot(path: Path, title: str, segmenter: Segmenter, X: pd.DataFrame, currency: str = "") -> None:
    """Segments by features: numbers are medians, colours the distance from the mean of all customers."""
    from matplotlib.colors import TwoSlopeNorm

    segments = [segment for segment in segmenter.catalogue if segment.size]
    features = segmenter.preprocessing.features
    means = segment_means(segmenter, X, [segment.label for segment in segments])
    heads = [wrapped(feature_words(name, currency).replace(", ", ",\n"), HEAD_LETTERS) for name in features]
    rows = [f"{wrapped(each.name, NAME_LETTERS)}\n{percent(each.share)} of customers" for each in segments]
    height = 1.9 + 0.19 * sum(row.count("\n") + 2 for row in rows)
    with figure(path, title, 3.4 + 1.25 * len(features), height) as (drawn, axes):
        # One extreme feature must not make the other colours pale.
        limit = float(np.clip(np.nanmax(np.abs(means)), 1.0, 2.0))
        shown = axes.imshow(means, cmap="RdBu_r", norm=TwoSlopeNorm(0, -limit, limit), aspect="auto")
        for row, segment in enumerate(segments):
            for column, name in enumerate(features):
                colour = "white" if abs(means[row, column]) > 0.6 * limit else INK
                text = value_words(name, segment.medians.get(name))
                axes.text(column, row, text, ha="center", va="center", fontsize=9, color=colour)
        axes.set_xticks(range(len(features)), heads, fontsize=8)
        axes.set_yticks(range(len(segments)), rows, fontsize=9)
        axes.tick_params(length=0)
        axes.xaxis.tick_top()
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("The number is the median of the segment, the colour how its mean differs from all customers'.")
        bar = drawn.colorbar(shown, ax=axes, shrink=0.9, pad=0.01, aspect=30, extend="both")
        bar.outline.set_visible(False)
        bar.set_label("standard deviations from the mean", fontsize=8)


def segment_means(segmenter: Segmenter, X: pd.DataFrame, labels: Sequence[int]) -> Floats:
    """(segments, features) mean of each segment's customers, in standard deviations from the mean of all.

    nan for a segment that none of the customers X is in.
    """
    Z = preprocessing.transform(segmenter.preprocessing, X)
    label, _ = assign_labels(segmenter, X)
    nobody = np.full(Z.shape[1], np.nan)
    return np.array([Z[label == value].mean(axis=0) if (label == value).any() else nobody for value in labels])


def map_plot(path: Path, title: str, segmenter: Segmenter, X: pd.DataFrame, seed: int) -> None:
    """Customers on their first two principal components, coloured by segment and labelled at each segment's median."""
    from matplotlib.patheffects import withStroke

    points, explained, arrows = principal_plane(preprocessing.transform(segmenter.preprocessing, X))
    label, _ = assign_labels(segmenter, X)
    colours = colours_of(segmenter)
    shown = np.random.default_rng(seed).permutation(len(X))[:MAP_ROWS]
    with figure(path, title, 10, 6.6) as (_, axes):
        axes.scatter(*points[shown].T, c=[colours[int(value)] for value in label[shown]], s=9, alpha=0.55, linewidths=0)
        around = [withStroke(linewidth=3.5, foreground="white")]
        texts = []
        for segment in segmenter.catalogue:
            inside = points[label == segment.label]
            if len(inside) and segment.label != NOISE:
                text = f"{wrapped(segment.name, MAP_LETTERS)}\n{percent(segment.share)}"
                place, colour = np.median(inside, axis=0), colours[segment.label]
                texts.append(axes.text(*place, text, color=colour, path_effects=around, **MAP_TEXT))
        axes.set_xlabel(f"{axis_words(arrows[0], segmenter)}   ({explained[0]:.0%} of the variation)")
        axes.set_ylabel(f"{axis_words(arrows[1], segmenter)}   ({explained[1]:.0%} of the variation)")
        axes.tick_params(length=0, labelbottom=False, labelleft=False)
        spread(axes, texts)


def principal_plane(Z: Floats) -> tuple[Floats, Floats, Floats]:
    """First two principal components: points (customers, 2), explained shares (2,), axes (2, features), signs fixed."""
    centred = Z - Z.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2][np.arange(2), np.abs(axes[:2]).argmax(axis=1)])[:, None]
    share = sizes**2 / (sizes**2).sum()
    return centred @ axes.T, share[:2], axes


def axis_words(axis: Floats, segmenter: Segmenter) -> str:
    """The features with the largest weights on an axis, each as ``higher`` or ``lower``."""
    largest = [i for i in np.argsort(-np.abs(axis))[:2] if abs(axis[i]) > 0.3]
    names = segmenter.preprocessing.features
    return ";  ".join(("higher " if axis[i] > 0 else "lower ") + feature_words(names[i]) for i in largest) + " →"


def revenue_plot(path: Path, title: str, segmenter: Segmenter) -> None:
    """Each segment's share of customers and of revenue, side by side."""
    segments = [segment for segment in segmenter.catalogue if segment.size][::-1]
    rows = np.arange(len(segments))
    with figure(path, title, 9.5, 1.5 + 0.56 * len(segments)) as (_, axes):
        for offset, values, colour, word in (
            (0.2, [s.revenue_share or 0.0 for s in segments], COLOURS[0], "of revenue"),
            (-0.2, [s.share for s in segments], LIGHT, "of customers"),
        ):
            bars = axes.barh(rows + offset, values, height=0.38, color=colour, label=word)
            axes.bar_label(bars, [percent(value) for value in values], padding=3, fontsize=8)
        axes.set_yticks(rows, [wrapped(s.name, NAME_LETTERS) for s in segments])
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.grid(axis="y", visible=False)
        axes.margins(x=0.12)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def reality_plot(path: Path, title: str, clustered: Sequence[Scored]) -> None:
    """Each clustering's silhouette beside that of the same clustering of customers without groups."""
    with figure(path, title, 9.5, 1.6 + 0.6 * len(clustered)) as (_, axes):
        for row, each in enumerate(reversed(clustered)):
            real, null = each.scores["silhouette"], each.scores["silhouette_null"]
            ours = each.contestant.role == TUNED
            axes.plot([null, real], [row, row], color=LIGHT, lw=5, zorder=1, solid_capstyle="round")
            axes.scatter([null], [row], color=GREY, s=60, zorder=3, label="one cloud" if ours else None)
            axes.scatter([real], [row], color=COLOURS[0], s=60, zorder=3, label="real customers" if ours else None)
        axes.set_yticks(range(len(clustered)), [_gap_words(each) for each in reversed(clustered)])
        axes.set_xlabel("silhouette: 1 if customers lie close to their own segment and far from the others")
        axes.set_ylim(-0.6, len(clustered) - 0.4)
        axes.margins(x=0.08)
        axes.grid(axis="y", visible=False)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def _gap_words(each: Scored) -> str:
    gap, low = (each.scores[name] for name in ("copula_gap", "copula_gap_low"))
    return f"{each.contestant.label}\ngap {gap:+.3f}, {low:+.3f} beyond chance"
