"""Trees that order candidates (LambdaMART, Burges 2010): what was bought before, its neighbours, what similar customers
buy and what everybody buys, told apart by a dozen numbers each.

The trees learn from earlier cutoffs: candidates and their numbers are made of what was known at such a cutoff, the
labels of what followed within the horizon, which had ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from features.errors import HistoryTooShort
from models.learners._trees import answer, settings
from models.params import Trial
from models.ranking.histories import Histories, Matrix
from models.ranking.items import by_popularity
from models.ranking.learners import Params, item_item, tifu_knn
from models.ranking.learners._candidates import COLUMNS, Sources, candidates, numbers
from models.ranking.sample import Fitting
from models.sample import Floats

KEEPS_VECTORS = True
DEFAULTS: Params = {
    "n_estimators": 80,
    "learning_rate": 0.08,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.7,
    "lambda_l2": 10.0,
}
CUTOFFS = 3
"""The newest labelled cutoffs that trees learn from."""
FILE = "ranker.txt"


@dataclass(frozen=True)
class Model:
    """``sources`` give candidates and their numbers, ``booster`` orders them."""

    sources: Sources
    booster: lgb.Booster


def space(trial: Trial) -> Params:
    """Small trees: most of what can be said is in few numbers."""
    return {
        "n_estimators": trial.suggest_int("n_estimators", 40, 300, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.15, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 31, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 20, 1000, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.4, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 100.0, log=True),
    }


def fit(known: Fitting, params: Params, seed: int) -> Model:
    """LambdaMART on the candidates at the newest labelled cutoffs; HistoryTooShort without one or without a hit."""
    X, y, group = known.once(("ranker", seed), lambda: examples(known, seed))
    data = lgb.Dataset(X, y, group=group, feature_name=list(COLUMNS), params={"verbosity": -1}, free_raw_data=False)
    chosen = {**settings(params, seed), "objective": "lambdarank", "lambdarank_truncation_level": 15}
    trained = lgb.train(chosen, data, num_boost_round=int(params["n_estimators"]))
    sources = known.once(("sources", seed), lambda: sources_of(known.now, seed))
    return Model(sources, lgb.Booster(model_str=trained.model_to_string()))


def examples(known: Fitting, seed: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """(candidates, numbers), whether each was bought, and the number of candidates of each customer with a hit."""
    parts = [_examples_at(known, cutoff, seed) for cutoff in known.labelled[-CUTOFFS:]]
    found = [part for part in parts if len(part[2])]
    if not found:
        raise HistoryTooShort("no earlier cutoff has a customer who bought a candidate: load more history")
    X, y, group = (np.concatenate([part[n] for part in found]) for n in range(3))
    return X, y, group.astype(np.int64)


def _examples_at(known: Fitting, cutoff: float, seed: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
    histories, bought = known.at(cutoff), known.bought_after(cutoff)
    sources = sources_of(histories, seed)
    buyers = np.flatnonzero(np.diff(bought.indptr) > 0)
    theirs = histories.take(buyers, np.arange(histories.items_n, dtype=np.int32), histories.items_n)
    found = candidates(sources, theirs)
    y = found.at(bought[buyers])
    kept = np.bincount(found.row, weights=y, minlength=len(buyers))[found.row] > 0
    sizes = np.bincount(found.row[kept], minlength=len(buyers))
    return numbers(sources, theirs, found)[kept], y[kept], sizes[sizes > 0]


def sources_of(histories: Histories, seed: int) -> Sources:
    """What candidates come from, as it was known when these were the histories; ``item_item`` and TIFU by default."""
    near = item_item.neighbours(histories, item_item.DEFAULTS)
    similar = tifu_knn.fitted(histories, {**tifu_knn.DEFAULTS, "own": 0.0}, seed)
    return Sources(near, similar, by_popularity(histories))


def scores(model: Model, histories: Histories) -> Matrix:
    """The trees' scores of the candidates, brought between 0 and 1."""
    found = candidates(model.sources, histories)
    raw = answer(model.booster, numbers(model.sources, histories, found), raw_score=True)
    shape = (len(histories), histories.items_n)
    return csr_matrix((1.0 / (1.0 + np.exp(-raw)), (found.row, found.item)), shape=shape)


def dump(model: Model) -> dict[str, bytes]:
    """LightGBM's text, and the sources."""
    return {FILE: model.booster.model_to_string().encode(), **model.sources.dump()}


def load(files: Mapping[str, bytes], items_n: int) -> Model:
    """What ``dump`` wrote. The text must come from a hash-checked file: LightGBM crashes on a corrupted one."""
    return Model(Sources.load(files, items_n), lgb.Booster(model_str=files[FILE].decode()))
