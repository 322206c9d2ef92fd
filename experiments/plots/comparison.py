"""The picture of two prediction runs: the advantage of one over the other at every cutoff, with its interval."""

from collections.abc import Sequence
from pathlib import Path

from experiments.comparison import Lead
from experiments.plots.style import COLOURS, GREY, figure


def leads_plot(path: Path, found: Sequence[Lead], one: str, other: str) -> None:
    """A dot and an interval for each cutoff, the newest at the top; right of the line ``other`` is better."""
    with figure(path, f"How much smaller the losses of {other} are", 9, 1.8 + 0.4 * len(found)) as (_, axes):
        axes.axvline(0.0, color=GREY, lw=1)
        for row, lead in enumerate(found):
            each = lead.advantage
            axes.plot([each.low, each.high], [row, row], color=COLOURS[0], lw=3, solid_capstyle="round", alpha=0.5)
            axes.scatter([each.mean], [row], color=COLOURS[0], s=40, zorder=3)
        axes.set_yticks(range(len(found)), [lead.cutoff or "all together" for lead in found])
        axes.set_ylim(-0.6, len(found) - 0.4)
        axes.set_xlabel(f"← {one} is better      advantage in loss, 90 % interval      {other} is better →")
        axes.grid(axis="y", visible=False)
