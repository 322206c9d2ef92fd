"""Drawing the plain-data charts of ``models.charts`` with matplotlib."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.plots.style import COLOURS, GREY, INK, LIGHT, figure
from models.charts import Chart, Panel, Series

PANEL_INCHES = 5.4


def draw(path: Path, chart: Chart, of: str) -> None:
    """Write the chart to ``path`` as PNG; ``of`` ends its title."""
    width = max(6.4, PANEL_INCHES * len(chart.panels))
    with figure(path, f"{chart.title}: {of}", width, 4.8, columns=len(chart.panels)) as (_, drawn):
        axes = list(np.atleast_1d(drawn))
        colours = _colours([series for panel in chart.panels for series in panel.series])
        for panel, one in zip(chart.panels, axes, strict=True):
            _draw_panel(one, panel, colours)
        # One legend, outside the axes.
        handles, labels = axes[-1].get_legend_handles_labels()
        axes[-1].legend(handles, labels, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _colours(series: Sequence[Series]) -> dict[str, str]:
    """One colour per label, the same in every panel; the model itself gets the first."""
    named = dict.fromkeys(each.label for each in sorted(series, key=lambda each: each.style not in ("ours", "points")))
    return {label: COLOURS[i % len(COLOURS)] for i, label in enumerate(named)}


def _draw_panel(axes: Any, panel: Panel, colours: dict[str, str]) -> None:
    for each in panel.series:
        _DRAW[each.style](axes, each, colours[each.label])
    axes.set(xlabel=panel.x_label, ylabel=panel.y_label, title=panel.title)
    for wanted, axis in ((panel.x_share, axes.xaxis), (panel.y_share, axes.yaxis)):
        if wanted:
            axis.set_major_formatter(lambda value, _: f"{value:.0%}")
    if panel.x_names:
        axes.set_xticks(range(len(panel.x_names)), panel.x_names)
        axes.margins(x=0.12)
    if panel.note:
        axes.text(0.98, 0.03, panel.note, transform=axes.transAxes, ha="right", color=INK)


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
