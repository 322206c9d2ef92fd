"""The look that all plots share: quiet axes, direct labels, one colour a thing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COLOURS = ("#0b6e99", "#d1603d", "#4c9f70", "#8b5fbf", "#c9a227", "#b5446e", "#5b7fa6", "#7a9e3a", "#a0643a", "#4aa5a5")
GREY = "#8a8f94"
LIGHT = "#d9dcdf"
INK = "#24292e"

STYLE: dict[Any, Any] = {
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "figure.facecolor": "white",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#eceef0",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


@contextmanager
def figure(path: Path, title: str, width: float, height: float, columns: int = 1) -> Iterator[tuple[Any, Any]]:
    """A figure with ``columns`` axes side by side, written to ``path`` as PNG when left.

    Drawn without pyplot, so no window, no global state and no figure kept in memory.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        drawn = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(drawn)
        axes = drawn.subplots(1, columns)
        drawn.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        yield drawn, axes
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without metadata the same plot is the same bytes.
        drawn.savefig(path, metadata={"Software": None})


def search_plot(path: Path, title: str, values: list[float | None], names: list[str], lower_is_better: bool) -> None:
    """Every trial's value in the order tried, and the best so far."""
    import numpy as np

    pick = np.fmin if lower_is_better else np.fmax
    tried = np.array([np.nan if value is None else value for value in values])
    with figure(path, title, 8, 3.6) as (_, axes):
        for colour, name in zip(COLOURS, dict.fromkeys(names), strict=False):
            chosen = np.array([each == name for each in names])
            axes.scatter(np.flatnonzero(chosen), tried[chosen], s=28, color=colour, label=name, zorder=3)
        axes.step(np.arange(len(tried)), pick.accumulate(tried), where="post", color=INK, lw=1.4, label="best so far")
        # One hopeless trial must not flatten the rest.
        finite = tried[np.isfinite(tried)]
        if len(finite) > 3:
            low, high = np.quantile(finite, (0.0, 0.9) if lower_is_better else (0.1, 1.0))
            pad = 0.08 * (high - low) or 0.01
            axes.set_ylim(low - pad, high + pad)
            beyond = np.flatnonzero(tried > high + pad if lower_is_better else tried < low - pad)
            edge = high + 0.6 * pad if lower_is_better else low - 0.6 * pad
            if len(beyond):
                marker = "^" if lower_is_better else "v"
                axes.scatter(
                    beyond, np.full(len(beyond), edge), marker=marker, s=28, color=GREY, label="beyond the axis"
                )
        axes.set_xlabel("trial")
        axes.set_ylabel("log-loss on validation folds" if lower_is_better else "gap to permuted data")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(loc="best")
