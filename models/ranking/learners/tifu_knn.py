"""TIFU-KNN (Hu et al. 2020, "Modeling personalized item frequency information for next-basket recommendation").

A customer is a vector of how often they bought each product. Orders are divided into groups; within a group an older
order counts ``within`` of the next newer one, and a group ``between`` of the next newer group. The vector is mixed with
the mean of those of the nearest customers: ``own`` times the one plus 1 - ``own`` times the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, vstack

from models.params import Trial
from models.plain import array_bytes, array_from
from models.ranking.cosines import dump_matrix, load_matrix
from models.ranking.histories import Histories, Matrix
from models.ranking.learners import Params
from models.ranking.sample import Fitting
from models.sample import Floats

KEEPS_VECTORS = True
DEFAULTS: Params = {"group": 15, "within": 0.9, "between": 0.7, "neighbours": 200, "own": 0.3}
FILE = "tifu_knn"
MOST_CUSTOMERS = 5_000
"""Customers who can be neighbours; of more, so many are drawn."""
AT_ONCE = 250
"""Customers whose distances to all neighbours are in memory at a time."""


@dataclass(frozen=True)
class Model:
    """``vectors`` (customers, products) of who can be a neighbour."""

    vectors: Matrix
    group: int
    within: float
    between: float
    neighbours: int
    own: float


def space(trial: Trial) -> Params:
    """The ranges of the paper's search."""
    return {
        "group": trial.suggest_int("group", 2, 23),
        "within": trial.suggest_float("within", 0.1, 1.0),
        "between": trial.suggest_float("between", 0.1, 1.0),
        "neighbours": trial.suggest_int("neighbours", 50, 1_300, log=True),
        "own": trial.suggest_float("own", 0.1, 1.0),
    }


def fit(known: Fitting, params: Params, seed: int) -> Model:
    """Everybody known, as vectors."""
    return fitted(known.now, params, seed)


def fitted(histories: Histories, params: Params, seed: int) -> Model:
    """The vectors of all customers, or of ``MOST_CUSTOMERS`` drawn with ``seed``."""
    numbers = (int(params["group"]), float(params["within"]), float(params["between"]))
    everybody = vectors(histories, *numbers)
    if everybody.shape[0] > MOST_CUSTOMERS:
        drawn = np.random.default_rng(seed).choice(everybody.shape[0], MOST_CUSTOMERS, replace=False)
        everybody = everybody[np.sort(drawn)]
    return Model(everybody, *numbers, int(params["neighbours"]), float(params["own"]))


def vectors(histories: Histories, group: int, within: float, between: float) -> Matrix:
    """(customers, products): the mean over groups of the mean over their orders, the newest order counting most.

    Groups of ``group`` orders are counted from the newest; the oldest group has what is left, and its own size.
    """
    bought = histories.bought
    orders_n = np.zeros(len(histories), np.int64)
    np.maximum.at(orders_n, bought.row, bought.order + 1)
    groups_n = -(-orders_n // group)
    number, place = bought.order // group, bought.order % group
    last = number == groups_n[bought.row] - 1
    size = np.where(last, orders_n[bought.row] - number * group, group)
    return histories.matrix(within**place * between**number / size / groups_n[bought.row])


def scores(model: Model, histories: Histories) -> Matrix:
    """Each customer's own vector and that of the nearest customers, mixed."""
    found = vectors(histories, model.group, model.within, model.between)
    parts = [_mixed(model, found[start : start + AT_ONCE]) for start in range(0, max(found.shape[0], 1), AT_ONCE)]
    return vstack(parts).tocsr()


def _mixed(model: Model, own: Matrix) -> Matrix:
    neighbours = min(model.neighbours, model.vectors.shape[0])
    if neighbours == 0 or own.shape[0] == 0:
        return own * model.own
    nearest = np.sort(np.argpartition(_distances(model.vectors, own), neighbours - 1, axis=1)[:, :neighbours], axis=1)
    starts = np.arange(own.shape[0] + 1) * neighbours
    of = csr_matrix(
        (np.full(nearest.size, 1.0 / neighbours), nearest.ravel(), starts), (own.shape[0], model.vectors.shape[0])
    )
    return (own * model.own + (of @ model.vectors) * (1.0 - model.own)).tocsr()


def _distances(vectors: Matrix, own: Matrix) -> Floats:
    """(rows, customers): squared Euclidean distances, without the part that is the same for all customers."""
    return np.asarray(_squares(vectors)[None, :] - 2.0 * (own @ vectors.T).toarray(), dtype=np.float64)


def _squares(matrix: Matrix) -> Floats:
    return np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()


def dump(model: Model) -> dict[str, bytes]:
    """The vectors, and the parameters as an array."""
    numbers = [model.group, model.within, model.between, model.neighbours, model.own]
    return {**dump_matrix(FILE, model.vectors), f"{FILE}_params.npy": array_bytes(np.array(numbers, dtype=np.float64))}


def load(files: Mapping[str, bytes], items_n: int) -> Model:
    """What ``dump`` wrote."""
    group, within, between, neighbours, own = array_from(files, f"{FILE}_params.npy", np.float64, (5,)).tolist()
    return Model(load_matrix(files, FILE, items_n), int(group), within, between, int(neighbours), own)
