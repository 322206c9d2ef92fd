"""Soiling a clean table, and counting the dirt exactly."""

import numpy as np
import polars as pl

from pipelines.simulation.exports.dirt import DIRT, TOUCHABLE, Dirt, Table
from pipelines.simulation.shop.segments import Bools, Ints


def soil(rng: np.random.Generator, table: Table, rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """``rows`` with every kind of dirt of the table, and how many rows have each; a row has one kind at most.

    A kind too rare for the table still shows once, so that even a small shop is dirty in every way; a table where the
    dirt would be more than a quarter stays clean.
    """
    chosen = _choose(rng, table, rows)
    parts, stays = [], np.ones(rows.height, dtype=np.bool_)
    for dirt in DIRT[table]:
        place = chosen[dirt.kind]
        parts.append(rows[np.sort(place)].with_columns(**dirt.change))
        stays[place] = dirt.effect != "altered"
    counts = {kind: len(place) for kind, place in chosen.items()}
    return pl.concat([rows.filter(pl.Series(stays)), *parts]), counts


def _choose(rng: np.random.Generator, table: Table, rows: pl.DataFrame) -> dict[str, Ints]:
    """The rows of each kind: the rarest choice first, or nothing would be left of the rows it may fall on."""
    touchable = _picked(rows, TOUCHABLE.get(table))
    shuffled, free = rng.permutation(np.flatnonzero(touchable)), touchable.copy()
    chosen = {}
    for dirt in sorted(DIRT[table], key=lambda dirt: dirt.where is None):
        chosen[dirt.kind] = _take(dirt, rows, shuffled, free)
        free[chosen[dirt.kind]] = False
    kinds_n = sum(len(place) for place in chosen.values())
    if kinds_n > touchable.sum() / 4:
        return {dirt.kind: np.zeros(0, dtype=np.int64) for dirt in DIRT[table]}
    return chosen


def _take(dirt: Dirt, rows: pl.DataFrame, shuffled: Ints, free: Bools) -> Ints:
    """The first rows of the shuffle that are free and that the kind may fall on."""
    if dirt.where is None:
        wanted = max(1, round(dirt.rate * len(shuffled)))
        return shuffled[free[shuffled]][:wanted]
    fits = shuffled[_picked(rows, dirt.where)[shuffled]]
    wanted = max(1, round(dirt.rate * len(fits)))
    return fits[free[fits]][:wanted]


def _picked(rows: pl.DataFrame, where: pl.Expr | None) -> Bools:
    if where is None:
        return np.ones(rows.height, dtype=np.bool_)
    return rows.select(where.fill_null(False)).to_series().to_numpy()
