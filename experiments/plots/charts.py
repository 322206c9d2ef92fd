"""Drawing the plain-data charts of ``models.charts`` with matplotlib."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.plots.style import COLOURS, GREY, LIGHT, figure, says_under_title
from models.charts import Chart, Panel, Series

PANEL_INCHES = 5.4
LEGEND_INCHES = 1.9
TEXT_LETTERS = 64
"""Letters in a line above a panel."""
MOST_TICKS = 6
MOST_UPRIGHT = 6
"""Dates that fit side by side under a panel."""


def draw(path: Path, chart: Chart, of: str) -> None:
    """Write the chart to ``path`` as PNG; ``of`` ends its title."""
    # The legend stands beside the panels.
    width = PANEL_INCHES * len(chart.panels) + LEGEND_INCHES
    with figure(path, f"{chart.title}: {of}", width, 5.0, columns=len(chart.panels)) as (_, drawn):
        axes = list(np.atleast_1d(drawn))
        colours = _colours([series for panel in chart.panels for series in panel.series])
        for panel, one in zip(chart.panels, axes, strict=True):
            _draw_panel(one, panel, colours)
        # One legend of all panels, outside the axes.
        named = {label: handle for one in axes for handle, label in zip(*one.get_legend_handles_labels(), strict=True)}
        axes[-1].legend(named.values(), named.keys(), loc="center left", bbox_to_anchor=(1.0, 0.5))


def _colours(series: Sequence[Series]) -> dict[str, str]:
    """One colour per label, the same in every panel; the model itself gets the first."""
    named = dict.fromkeys(each.label for each in sorted(series, key=lambda each: each.style not in ("ours", "points")))
    return {label: COLOURS[i % len(COLOURS)] for i, label in enumerate(named)}


def _draw_panel(axes: Any, panel: Panel, colours: dict[str, str]) -> None:
    from matplotlib.ticker import PercentFormatter

    for each in panel.series:
        _DRAW[each.style](axes, each, colours[each.label])
    axes.set(xlabel=panel.x_label, ylabel=panel.y_label)
    says_under_title(axes, panel.title, panel.says, TEXT_LETTERS)
    for wanted, axis in ((panel.x_share, axes.xaxis), (panel.y_share, axes.yaxis)):
        axis.set_major_formatter(PercentFormatter(1.0) if wanted else lambda value, _: f"{value:,.10g}")
    axes.xaxis.get_major_locator().set_params(nbins=MOST_TICKS)
    if panel.y_whole:
        axes.set_ylim(0.0, 1.02)
    if panel.x_names:
        axes.set_xticks(range(len(panel.x_names)), panel.x_names)
        axes.margins(x=0.12)
        if len(panel.x_names) > MOST_UPRIGHT:
            axes.tick_params(axis="x", labelrotation=60)


def _draw_ours(axes: Any, each: Series, colour: str) -> None:
    axes.plot(
        each.x, each.y, color=colour, lw=2.4, marker="o" if len(each.x) < 20 else None, label=each.label, zorder=4
    )


def _draw_other(axes: Any, each: Series, colour: str) -> None:
    marker = "o" if len(each.x) < 20 else None
    axes.plot(each.x, each.y, color=colour, lw=1.2, marker=marker, ms=4, label=each.label, zorder=2)


def _draw_points(axes: Any, each: Series, colour: str) -> None:
    assert each.low is not None
    assert each.high is not None
    error = np.abs(np.stack([each.y - each.low, each.high - each.y]))
    axes.errorbar(each.x, each.y, error, fmt="o-", color=colour, capsize=3, lw=1.5, ms=6, label=each.label, zorder=4)


def _draw_reference(axes: Any, each: Series, colour: str) -> None:  # noqa: ARG001 - always grey
    axes.plot(each.x, each.y, color=GREY, lw=1, ls="--", label=each.label, zorder=1)


def _draw_background(axes: Any, each: Series, colour: str) -> None:  # noqa: ARG001
    width = np.diff(each.x, append=2 * each.x[-1] - each.x[-2])
    axes.bar(each.x, each.y, width=width, align="edge", color=LIGHT, label=each.label, zorder=0)


_DRAW = {
    "ours": _draw_ours,
    "other": _draw_other,
    "points": _draw_points,
    "reference": _draw_reference,
    "background": _draw_background,
}
