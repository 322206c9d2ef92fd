"""The style that all plots share: quiet axes, direct labels, one colour per contestant or segment."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COLOURS = (
    *("#0b6e99", "#d1603d", "#4c9f70", "#8b5fbf", "#c9a227", "#b5446e"),
    *("#5b7fa6", "#7a9e3a", "#a0643a", "#4aa5a5", "#2f3e78", "#e08fa8"),
)
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

TITLE_LETTERS = 9.5
"""Letters of the title that fit into an inch."""
LINE_POINTS = 13.0
"""Height of a line of small text."""


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
        drawn.suptitle(wrapped(title, int(width * TITLE_LETTERS)), x=0.01, ha="left", fontsize=12, fontweight="bold")
        yield drawn, axes
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without metadata, equal plots have equal bytes.
        drawn.savefig(path, metadata={"Software": None})


def says_under_title(axes: Any, title: str, says: str, letters: int) -> None:
    """Write a sentence above the axes, and the title above the sentence."""
    text = wrapped(says, letters)
    axes.annotate(
        text, (0.0, 1.0), (0.0, 6.0), xycoords="axes fraction", textcoords="offset points", va="bottom", fontsize=9.5
    )
    if title:
        axes.set_title(title, pad=8.0 + LINE_POINTS * (text.count("\n") + bool(text)))


def wrapped(text: str, letters: int) -> str:
    """Lines of at most so many letters, broken between words.

    >>> wrapped("Lapsed one-time buyers", 16)
    'Lapsed one-time\\nbuyers'
    """
    return "\n".join(textwrap.wrap(text, letters, break_on_hyphens=False))
