"""A recommender: a fitted ranker with the products it knows and what they are bought with; saved and served as one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import BadArtifact, BadInput, HistoryTooShort
from features.item_history import COLUMN
from models.params import complete_params
from models.plain import json_bytes, json_from
from models.question import Question
from models.ranking.affinity import MOST, affinities
from models.ranking.cosines import dump_matrix, load_matrix
from models.ranking.histories import Codes, Histories, Matrix, decode
from models.ranking.items import Items, dump_items, load_items
from models.ranking.learners import Params, ranker_of
from models.ranking.lists import LONGEST, Lists, best
from models.ranking.sample import Fitting
from models.ranking.scores import HEADLINE
from models.ranking.why import pasts, why

FILE = "recommender.json"
AT_ONCE = 1_000
"""Customers whose scores are in memory at a time."""
TEXT = tuple(f"{name}_{n}" for n in range(1, LONGEST + 1) for name in ("product", "kind", "why")) + tuple(
    f"category_{n}" for n in range(1, MOST + 1)
)
"""Columns of the answers that are text."""


@dataclass(frozen=True)
class Recommender:
    """``partners`` (products, products) are the nearest products in the same orders; ``length`` is that of a list."""

    question: Question
    learner: str
    model: Any
    items: Items
    partners: Matrix
    params: Params
    length: int
    features: tuple[str, ...] = (COLUMN,)


def fit_recommender(learner: str, known: Fitting, params: Params, seed: int, length: int) -> Recommender:
    """Fit a ranker on what is known; HistoryTooShort if nobody bought a product, BadConfig for an unknown parameter."""
    if not len(known.items):
        raise HistoryTooShort("nobody has bought a product yet: give orders their product_id, or load more history")
    chosen = ranker_of(learner)
    complete = complete_params(learner, chosen.DEFAULTS, params)
    model = chosen.fit(known, complete, seed)
    return Recommender(known.sample.question, learner, model, known.items, known.partners, complete, length)


def recommend(recommender: Recommender, histories: Histories, length: int = LONGEST) -> Lists:
    """Lists of ``length`` products; a customer's list does not depend on the other customers."""
    chosen, found = ranker_of(recommender.learner), []
    for start in range(0, max(len(histories), 1), AT_ONCE):
        part = histories.between(start, start + AT_ONCE)
        found.append(best(chosen.scores(recommender.model, part), recommender.items.popularity_rank, length))
    return Lists(np.concatenate([each.item for each in found]), np.concatenate([each.score for each in found]))


def answers(recommender: Recommender, texts: "pd.Series[Any]") -> dict[str, NDArray[Any]]:
    """The list of each ``item_history`` as columns.

    ``product_1``, ``kind_1``, ``score_1``, ``why_1`` to those of the last product, then ``category_1`` and
    ``category_share_1`` and so on: text (objects, None where the list ends) and float64 (NaN there).
    """
    histories = decode(texts, recommender.items.place)
    lists = recommend(recommender, histories, recommender.length)
    found = _listed(recommender, histories, lists)
    own = affinities(histories, recommender.items)
    for n in range(MOST):
        found |= {f"category_{n + 1}": own.category[:, n], f"category_share_{n + 1}": own.share[:, n]}
    return found


def _listed(recommender: Recommender, histories: Histories, lists: Lists) -> dict[str, NDArray[Any]]:
    ids = np.array([*recommender.items.ids, None], dtype=object)
    kinds, reasons = np.full(lists.item.shape, None, dtype=object), np.full(lists.item.shape, None, dtype=object)
    for row, past in enumerate(pasts(histories)):
        for n, item in enumerate(lists.item[row]):
            if item >= 0:
                kinds[row, n], reasons[row, n] = why(int(item), past, recommender.items, recommender.partners)
    there = lists.item >= 0
    found: dict[str, NDArray[Any]] = {}
    for n in range(lists.item.shape[1]):
        found |= {
            f"product_{n + 1}": ids[lists.item[:, n]],
            f"kind_{n + 1}": kinds[:, n],
            f"score_{n + 1}": np.where(there[:, n], lists.score[:, n], np.nan),
            f"why_{n + 1}": reasons[:, n],
        }
    return found


def table(recommender: Recommender, X: pd.DataFrame) -> pd.DataFrame:
    """The answers as named columns, one row a row of ``X``, with its index; float64, or text that may be null."""
    if COLUMN not in X:
        raise BadInput(f"{COLUMN} is missing: make it with features.item_history")
    found = answers(recommender, X[COLUMN])
    return pd.DataFrame({name: pd.Series(v, X.index, "str" if name in TEXT else float) for name, v in found.items()})


def about(recommender: Recommender) -> dict[str, Any]:
    """The model's entries in the manifest of its artifact."""
    return {
        "task": recommender.question.task,
        "question": asdict(recommender.question),
        "learner": recommender.learner,
        "features": list(recommender.features),
        "params": dict(recommender.params),
        "horizon_days": recommender.question.horizon_days,
        "products": len(recommender.items),
    }


def headline(recommender: Recommender) -> tuple[str, ...]:  # noqa: ARG001 - the same for all
    """Names of the scores that tables show, in order."""
    return HEADLINE


def dump(recommender: Recommender) -> dict[str, bytes]:
    """The recommender as named files of plain data."""
    state = {
        "question": asdict(recommender.question),
        "learner": recommender.learner,
        "params": dict(recommender.params),
        "length": recommender.length,
        "features": list(recommender.features),
    }
    files = ranker_of(recommender.learner).dump(recommender.model)
    return {
        FILE: json_bytes(state),
        **dump_items(recommender.items),
        **dump_matrix("partners", recommender.partners),
        **files,
    }


def load(files: Mapping[str, bytes]) -> Recommender:
    """The recommender that ``dump`` wrote; BadArtifact if a file or an entry is missing."""
    try:
        state, items = json_from(files, FILE), load_items(files)
        return Recommender(
            question=Question.of(state["question"]),
            learner=state["learner"],
            model=ranker_of(state["learner"]).load(files, len(items)),
            items=items,
            partners=load_matrix(files, "partners", len(items)),
            params=state["params"],
            length=state["length"],
            features=tuple(state["features"]),
        )
    except (KeyError, TypeError) as error:
        raise BadArtifact(f"the recommender lacks {error}: write the artifact again") from error


def in_numbers_of(recommender: Recommender, ids: tuple[str, ...]) -> Codes:
    """The number among ``ids`` of each of the recommender's products, -1 if it is not among them."""
    place = {name: number for number, name in enumerate(ids)}
    return np.array([place.get(name, -1) for name in recommender.items.ids], dtype=np.int32)
