"""The style that all plots share: quiet axes, direct labels, one colour per contestant or segment."""

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
    """A figure with ``columns`` axes side by side, written to ``path`` as PNG at the end of the block.

    It is drawn without pyplot: no window, no global state, and no figure stays in memory.
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
        # Without metadata, equal plots have equal bytes.
        drawn.savefig(path, metadata={"Software": None})
