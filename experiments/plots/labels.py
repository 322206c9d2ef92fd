"""Labels that do not lie on each other: each moves up or down until it touches no other."""

from collections.abc import Sequence
from typing import Any

import numpy as np

GAP = 3.0
"""Pixels between two labels."""
ROUNDS = 200


def spread(axes: Any, texts: Sequence[Any]) -> None:
    """Move texts up or down, a little, so that none overlaps another; their positions are data coordinates."""
    drawn = axes.figure
    drawn.canvas.draw()  # positions and sizes are known only after the layout
    renderer = drawn.canvas.get_renderer()
    boxes = np.array([text.get_window_extent(renderer).extents for text in texts])
    frame = axes.get_window_extent(renderer).extents
    if len(boxes):
        shifts = vertical_shifts(boxes, frame[1], frame[3])
        for text, shift in zip(texts, shifts, strict=True):
            x, y = axes.transData.transform(text.get_position())
            text.set_position(axes.transData.inverted().transform((x, y + shift)))


def vertical_shifts(boxes: "np.ndarray[Any, np.dtype[np.float64]]", bottom: float, top: float) -> Any:
    """How far each box (left, bottom, right, top) has to move up so that none overlaps another: (n,).

    Overlapping pairs push each other apart, half way each, until none is left; ``bottom`` and ``top`` hold them in.

    >>> vertical_shifts(np.array([[0.0, 0.0, 9.0, 10.0], [5.0, 4.0, 9.0, 14.0]]), -50.0, 50.0).round(1).tolist()
    [-4.5, 4.5]
    """
    moved = boxes.copy()
    for _ in range(ROUNDS):
        pairs = [(i, j) for i in range(len(moved)) for j in range(i) if _overlap(moved[i], moved[j]) > 1e-6]
        if not pairs:
            break
        for i, j in pairs:
            low, high = (i, j) if moved[i, 1] + moved[i, 3] < moved[j, 1] + moved[j, 3] else (j, i)
            half = _overlap(moved[i], moved[j]) / 2.0
            _move(moved, low, max(-half, bottom - moved[low, 1]))
            _move(moved, high, min(half, top - moved[high, 3]))
    return moved[:, 1] - boxes[:, 1]


def _overlap(one: Any, other: Any) -> float:
    """Height that two boxes share, with the gap between them; 0 if they lie side by side."""
    if min(one[2], other[2]) <= max(one[0], other[0]):
        return 0.0
    return max(0.0, float(min(one[3], other[3]) - max(one[1], other[1])) + GAP)


def _move(boxes: Any, which: int, up: float) -> None:
    boxes[which, [1, 3]] += up
