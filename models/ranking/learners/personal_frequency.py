"""What the customer bought most often, then what everybody buys: the bar for next-basket recommendation."""

from collections.abc import Mapping

import numpy as np

from models.ranking.histories import Histories, Matrix
from models.ranking.learners import Params
from models.ranking.sample import Fitting

BASELINE = True


def fit(known: Fitting, params: Params, seed: int) -> None:
    """Nothing: a customer's own history is all it looks at."""


def scores(model: None, histories: Histories) -> Matrix:  # noqa: ARG001
    """Orders with the product; of equally many, the product bought last is before the others."""
    found = histories.matrix(np.ones(len(histories.bought.item)))
    return found + histories.matrix(histories.newest() / (2.0 + histories.bought.order))


def dump(model: None) -> dict[str, bytes]:  # noqa: ARG001
    """No file."""
    return {}


def load(files: Mapping[str, bytes], items_n: int) -> None:
    """Nothing."""
