"""Exact Shapley values of a booster's trees by table: ten times as fast as LightGBM's own, for one row and for many.

What a leaf adds to a column depends only on which of the tests on its path a row passes (Lundberg et al. 2018,
"Consistent individualized feature attribution for tree ensembles": path-dependent TreeSHAP). So leaves of a tree are
put together into **pieces** whose paths have few tests; a piece has a table with a row for each combination of
passed and failed tests and a column for each feature tested. A customer's contributions are one row of each table,
summed by feature. The values are those of LightGBM's ``pred_contrib`` but for rounding.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import factorial
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.sample import Floats

MOST_TESTS = 8
"""Tests of a piece; a table has 2 to this power rows."""
MOST_CELLS = 4_000_000
"""Cells of all tables of a booster, 32 MB; 300 trees of 8 leaves have a quarter of a million, of 15 a million."""
AT_ONCE = 128
"""Rows looked at together, so that what is computed of them stays near the processor."""

Ints = NDArray[np.intp]
Test = tuple[int, float, bool]
"""A column, the largest value that goes left, and whether null goes left."""


@dataclass(frozen=True)
class Leaf:
    """The tests on the way to a leaf, each with the way taken (True: left) and the share of rows that took it."""

    value: float
    path: tuple[tuple[Test, bool, float], ...]

    @property
    def tests(self) -> frozenset[Test]:
        return frozenset(test for test, _, _ in self.path)

    def zeros(self) -> dict[int, float]:
        """By column, the share of rows that go the leaf's way if the column is not known."""
        shares: dict[int, float] = {}
        for (column, _, _), _, share in self.path:
            shares[column] = shares.get(column, 1.0) * share
        return shares


@dataclass(frozen=True)
class Tables:
    """All pieces of a booster. Entries are the cells of all table rows a customer picks, sorted by column.

    ``column``, ``threshold`` and ``null_left`` (q,) are the distinct tests; ``tests`` (bits, pieces) the tests of each
    piece, where there are fewer than bits a last one that nobody passes. ``cells`` has all tables; an entry (e,) is at
    ``start`` + code * ``width`` of the table of its ``piece``. ``used`` are the columns, ``first`` their first entries.
    """

    width_of_x: int
    base: float
    column: Ints
    threshold: Floats
    null_left: NDArray[np.bool_]
    tests: Ints
    cells: Floats
    piece: Ints
    start: Ints
    width: Ints
    used: Ints
    first: Ints

    def contributions(self, X: Floats) -> Floats:
        """(n, columns + 1) what each column adds to the raw score, last the score without them."""
        found = np.zeros((len(X), self.width_of_x + 1))
        found[:, -1] = self.base
        if len(self.used):
            for begin in range(0, len(X), AT_ONCE):
                found[begin : begin + AT_ONCE, self.used] = self._of_some(X[begin : begin + AT_ONCE])
        return found

    def _of_some(self, X: Floats) -> Floats:
        given = X.take(self.column, axis=1)
        passed = np.zeros((len(X), len(self.column) + 1), dtype=np.intp)
        passed[:, :-1] = (given <= self.threshold) | (np.isnan(given) & self.null_left)
        code = np.zeros((len(X), self.tests.shape[1]), dtype=np.intp)
        for bit, tests in enumerate(self.tests):
            code += passed.take(tests, axis=1) << bit
        cells = self.cells.take(code.take(self.piece, axis=1) * self.width + self.start)
        return np.asarray(np.add.reduceat(cells, self.first, axis=1), dtype=np.float64)


def tables_of(booster: lgb.Booster) -> Tables | None:
    """The tables of a booster; None if they would have more than ``MOST_CELLS``: of many deep trees."""
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    pieces = [piece for tree in trees for piece in _pieces(list(_leaves(tree, ())))]
    if sum(map(_cells_of, pieces)) > MOST_CELLS:
        return None
    return _assembled(booster.num_feature(), pieces)


def _cells_of(piece: Sequence[Leaf]) -> int:
    tests = {test for leaf in piece for test in leaf.tests}
    return len({column for column, _, _ in tests}) << len(tests)


def _leaves(node: Mapping[str, Any], path: tuple[tuple[Test, bool, float], ...]) -> Iterator[Leaf]:
    if "split_feature" not in node:
        yield Leaf(float(node["leaf_value"]), path)
        return
    threshold = float(node["threshold"])
    # Where no null was seen in training, LightGBM takes null for 0.
    null_left = bool(node["default_left"]) if node["missing_type"] == "NaN" else threshold >= 0.0
    test = (int(node["split_feature"]), threshold, null_left)
    for side, left in (("left_child", True), ("right_child", False)):
        child = node[side]
        share = _rows_of(child) / _rows_of(node)
        yield from _leaves(child, (*path, (test, left, share)))


def _rows_of(node: Mapping[str, Any]) -> int:
    return int(node["internal_count"] if "internal_count" in node else node["leaf_count"])


def _pieces(leaves: Sequence[Leaf]) -> Iterator[list[Leaf]]:
    """Neighbouring leaves that share most of their paths, as many as have ``MOST_TESTS`` tests together."""
    piece: list[Leaf] = []
    tests: frozenset[Test] = frozenset()
    for leaf in leaves:
        if piece and len(tests | leaf.tests) > MOST_TESTS:
            yield piece
            piece, tests = [], frozenset()
        piece, tests = [*piece, leaf], tests | leaf.tests
    yield piece


@dataclass
class _Parts:
    """Tables and entries while they are put together."""

    cells: list[Floats] = field(default_factory=list)
    tests: list[list[int]] = field(default_factory=list)
    entries: list[tuple[int, int, int, int]] = field(default_factory=list)
    """(column, piece, start, width) of each."""
    size: int = 0


def _assembled(columns: int, pieces: Sequence[Sequence[Leaf]]) -> Tables:
    shapley = _leaf_values([leaf for piece in pieces for leaf in piece])
    number: dict[Test, int] = {}
    parts, base, at = _Parts(), 0.0, 0
    for piece in pieces:
        tests = list(dict.fromkeys(test for leaf in piece for test, _, _ in leaf.path))
        used = sorted({test[0] for test in tests})
        table = np.zeros((1 << len(tests), len(used)))
        for leaf in piece:
            base += leaf.value * float(np.prod(list(leaf.zeros().values())))
            _add_leaf(table, leaf, tests, used, shapley[at])
            at += 1
        if used:
            starts = range(parts.size, parts.size + len(used))
            parts.entries += [(c, len(parts.tests), s, len(used)) for c, s in zip(used, starts, strict=True)]
            parts.tests.append([number.setdefault(test, len(number)) for test in tests])
            parts.cells.append(table.ravel())
            parts.size += table.size
    return _tables(columns, base, list(number), parts)


def _add_leaf(table: Floats, leaf: Leaf, tests: Sequence[Test], used: Sequence[int], values: Floats) -> None:
    """Add the leaf's ``values`` (2^columns, columns) to each row of the table, by which of its columns go its way."""
    code = np.arange(len(table))
    goes = {column: np.ones(len(table), dtype=np.bool_) for column in leaf.zeros()}
    for test, left, _ in leaf.path:
        goes[test[0]] &= ((code >> tests.index(test)) & 1).astype(np.bool_) == left
    own = np.zeros(len(table), dtype=np.intp)
    for bit, way in enumerate(goes.values()):
        own |= way.astype(np.intp) << bit
    if goes:
        table[:, [used.index(column) for column in goes]] += values[own]


def _leaf_values(leaves: Sequence[Leaf]) -> list[Floats]:
    """Of each leaf (2^d, d): what it adds to each of its d columns, by which of them go its way (bit j: the j-th)."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for place, leaf in enumerate(leaves):
        by_size[len(leaf.zeros())].append(place)
    found: list[Floats] = [np.zeros((1, 0))] * len(leaves)
    for size, places in by_size.items():
        zeros = np.array([list(leaves[place].zeros().values()) for place in places]).reshape(len(places), size)
        value = np.array([leaves[place].value for place in places])
        for place, values in zip(places, _shapley(zeros, value), strict=True):
            found[place] = values
    return found


def _shapley(zeros: Floats, value: Floats) -> Floats:
    """(leaves, 2^d, d): Shapley values of leaves with d columns, ``zeros`` (leaves, d) and ``value`` (leaves,).

    A coalition of columns that includes those in S reaches the leaf with probability prod(one of S) * prod(zero of the
    others); coefficient s of the polynomial in ``sums`` is the sum of these over all S of s columns.
    """
    d = zeros.shape[1]
    one = ((np.arange(1 << d)[:, None] >> np.arange(d)) & 1).astype(np.float64)
    weight = np.array([factorial(s) * factorial(d - 1 - s) / factorial(d) for s in range(d)])
    found = np.empty((len(zeros), 1 << d, d))
    for j in range(d):
        sums = np.zeros((len(zeros), 1 << d, d))
        sums[:, :, 0] = 1.0
        for k in (k for k in range(d) if k != j):
            with_k = sums[:, :, :-1] * one[None, :, k, None]
            sums = sums * zeros[:, None, k, None]
            sums[:, :, 1:] += with_k
        found[:, :, j] = (one[None, :, j] - zeros[:, None, j]) * (sums @ weight) * value[:, None]
    return found


def _tables(columns: int, base: float, tests: Sequence[Test], parts: _Parts) -> Tables:
    bits = max(map(len, parts.tests), default=0)
    padded = [[*each, *[len(tests)] * (bits - len(each))] for each in parts.tests]
    entries = np.array(sorted(parts.entries), dtype=np.intp).reshape(-1, 4)
    used, first = np.unique(entries[:, 0], return_index=True)
    column, threshold, null_left = zip(*tests, strict=True) if tests else ((), (), ())
    return Tables(
        width_of_x=columns,
        base=base,
        column=np.array(column, dtype=np.intp),
        threshold=np.array(threshold, dtype=np.float64),
        null_left=np.array(null_left, dtype=np.bool_),
        tests=np.array(padded, dtype=np.intp).reshape(len(padded), bits).T.copy(),
        cells=np.concatenate(parts.cells) if parts.cells else np.zeros(0),
        piece=entries[:, 1].copy(),
        start=entries[:, 2].copy(),
        width=entries[:, 3].copy(),
        used=used,
        first=first,
    )
