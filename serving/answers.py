"""The models' answers about customers: the one function behind the scores and every answer over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd

from features.definition import ACTED
from models.artifact import Loaded, who
from models.predictor import Predictor
from models.sample import Mask
from models.segments.segmenter import Segmenter
from serving import predictions, segments
from serving.json_columns import Columns, Written, json_texts


class Kind(Protocol):
    """What ``serving.predictions``, ``serving.segments`` and ``serving.rankings`` define for their kind of model."""

    TEXT: tuple[str, ...]
    """Columns that are text; the others are float64."""

    ONLY_JSON: tuple[str, ...]
    """Columns of JSON that a table does not have."""

    def key(self, model_name: str) -> str:
        """The answer's key in JSON, and the prefix of its columns in a table."""
        ...

    def columns(self, model: Any, features: pd.DataFrame, about: Mask) -> Columns:
        """The answers by column, one value a row of ``features``; the columns do not depend on the rows.

        ``about`` (n,) are the rows that the model is about; the others get no answer.
        """
        ...

    def as_json(self, model: Any, columns: Columns, as_of: float) -> list[str]:
        """Each row of ``columns`` as it is sent; ``as_of`` in days since 1970-01-01 UTC."""
        ...

    def catalogue(self, model: Any) -> list[dict[str, Any]]:
        """The segments that the model knows."""
        ...

    def cards(self, model: Any) -> dict[str, dict[str, Any]]:
        """Its segments by id, with all that is known of each."""
        ...

    def groups(self, model: Any) -> list[dict[str, Any]]:
        """The coarse groups above its segments."""
        ...

    def ledger(self, model: Any) -> list[dict[str, Any]]:
        """What became of its segments, and of those before them, the oldest first."""
        ...


def kind_of(model: Any) -> Kind:
    """The functions for this kind of model."""
    if isinstance(model, Segmenter):
        return cast(Kind, segments)
    return cast(Kind, predictions if isinstance(model, Predictor) else import_module("serving.rankings"))


@dataclass(frozen=True)
class Answered:
    """What the models answer about some customers: ``columns`` by model, segments first, one value a customer."""

    models: Mapping[str, Loaded]
    customer_ids: list[str]
    columns: Mapping[str, Columns]

    def table(self) -> pd.DataFrame:
        """One row a customer, in their order.

        customer_id; then segment_id, segment_name and segment_strength in [0, 1] if there are segments, and
        segment_group_id and segment_group_name if these have groups above them; then for each other model the columns
        of its kind of answer behind the model's name, null where it does not ask about the customer, and
        ``<name>_reason``, which is null everywhere else; ``<name>_reason_1`` to ``_3`` are reasons for a prediction, in
        words. Numbers are float64, whatever the rows.
        """
        found = {"customer_id": pd.Series(self.customer_ids, dtype="str")}
        for name, columns in self.columns.items():
            kind = kind_of(self.models[name].model)
            for column in (column for column in columns if column not in kind.ONLY_JSON):
                dtype = "str" if column in kind.TEXT else "float64"
                found[f"{kind.key(name)}_{column}"] = pd.Series(columns[column], dtype=dtype)
        return pd.DataFrame(found)

    def as_json(self, as_of: float) -> list[bytes]:
        """Each customer's answer as it is sent, like ``requests.answers.Answer``; floats keep every bit."""
        about: dict[str, Any] = {"customer_id": self.customer_ids}
        for name, columns in self.columns.items():
            model = self.models[name].model
            about[kind_of(model).key(name)] = Written(kind_of(model).as_json(model, columns, as_of))
        return [text.encode() for text in json_texts(about, len(self.customer_ids))]


def answer(models: Mapping[str, Loaded], features: pd.DataFrame) -> Answered:
    """The answers of all ``models`` about the rows of ``features`` [customer_id, *features].

    A row's answer does not depend on the other rows.
    """
    names = sorted(models, key=lambda name: (kind_of(models[name].model).key(name) != "segment", name))
    everybody, bought = np.ones(len(features), dtype=np.bool_), buyers(features)
    columns = {}
    for name in names:
        about = everybody if who(models[name]) == "known" else bought
        columns[name] = kind_of(models[name].model).columns(models[name].model, features, about)
    return Answered(models, features["customer_id"].tolist(), columns)


def buyers(features: pd.DataFrame) -> Mask:
    """A mask (n,) of the rows about buyers: all, unless the snapshot is of everybody known."""
    acted = next((column for column in ACTED.values() if column in features), None)
    return np.ones(len(features), dtype=np.bool_) if acted is None else features[acted].notna().to_numpy()
