"""What everybody buys: the same list for all customers."""

from collections.abc import Mapping

from scipy.sparse import csr_matrix

from models.ranking.histories import Histories, Matrix
from models.ranking.learners import Params
from models.ranking.sample import Fitting

BASELINE = True


def fit(known: Fitting, params: Params, seed: int) -> None:
    """Nothing of its own: what has no score is ranked by popularity."""


def scores(model: None, histories: Histories) -> Matrix:  # noqa: ARG001
    """No score for anything."""
    return csr_matrix((len(histories), histories.items_n))


def dump(model: None) -> dict[str, bytes]:  # noqa: ARG001
    """No file."""
    return {}


def load(files: Mapping[str, bytes], items_n: int) -> None:
    """Nothing."""
