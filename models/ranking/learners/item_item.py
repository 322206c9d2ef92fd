"""What goes with what the customer bought: cosines between products over customers (Sarwar et al. 2001).

Each product of the history recommends its neighbours, the more the later and the oftener it was bought; and itself, by
the weight ``again``.
"""

from collections.abc import Mapping

import numpy as np
from scipy.sparse import identity

from models.params import Trial
from models.plain import array_bytes, array_from
from models.ranking.cosines import cosines, dump_matrix, load_matrix
from models.ranking.histories import Histories, Matrix
from models.ranking.learners import Params
from models.ranking.sample import Fitting

DEFAULTS: Params = {"neighbours": 200, "shrink": 10.0, "half_life_days": 150.0, "again": 5.0, "fewest": 3}
FILE = "item_item"


def space(trial: Trial) -> Params:
    """How many neighbours, how far few common buyers are trusted, how fast the past fades, the weight of repeats."""
    return {
        "neighbours": trial.suggest_int("neighbours", 20, 300, log=True),
        "shrink": trial.suggest_float("shrink", 0.1, 100.0, log=True),
        "half_life_days": trial.suggest_float("half_life_days", 10.0, 720.0, log=True),
        "again": trial.suggest_float("again", 0.01, 10.0, log=True),
        "fewest": trial.suggest_int("fewest", 2, 5),
    }


def fit(known: Fitting, params: Params, seed: int) -> tuple[Matrix, float]:  # noqa: ARG001 - nothing random
    """(products, products), with ``again`` on the diagonal; and the half-life in days."""
    near = neighbours(known.now, params)
    again = float(params["again"]) * identity(near.shape[0], format="csr")
    return (near + again).tocsr(), float(params["half_life_days"])


def neighbours(histories: Histories, params: Params) -> Matrix:
    """(products, products): the cosines of each product's nearest others."""
    shrink, most, fewest = float(params["shrink"]), int(params["neighbours"]), int(params["fewest"])
    return cosines(histories.owned(), shrink=shrink, most=most, fewest=fewest)


def scores(model: tuple[Matrix, float], histories: Histories) -> Matrix:
    """The sum over the history of the neighbours' cosines, each purchase halved every ``half_life_days``."""
    near, half_life_days = model
    return (histories.matrix(0.5 ** (histories.bought.days_ago / half_life_days)) @ near).tocsr()


def dump(model: tuple[Matrix, float]) -> dict[str, bytes]:
    """The matrix; the half-life is an array of one number."""
    near, half_life_days = model
    return {**dump_matrix(FILE, near), f"{FILE}_half_life.npy": array_bytes(np.array([half_life_days]))}


def load(files: Mapping[str, bytes], items_n: int) -> tuple[Matrix, float]:
    """What ``dump`` wrote."""
    half_life_days = array_from(files, f"{FILE}_half_life.npy", np.float64, (1,))
    return load_matrix(files, FILE, items_n), float(half_life_days[0])
