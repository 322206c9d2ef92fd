"""The models' answers about customers: the one function behind the batch scores and every HTTP answer."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

import pandas as pd

from models.segments.segmenter import Segmenter
from serving import predictions, segments
from serving.bundle import Bundle, iso

Columns = dict[str, list[Any]]


class Kind(Protocol):
    """What ``serving.predictions`` and ``serving.segments`` define for their kind of model."""

    TEXT: tuple[str, ...]
    """Columns that are text; the others are float64."""

    def key(self, model_name: str) -> str:
        """The answer's key in JSON, and the prefix of its columns in a table."""
        ...

    def columns(self, model: Any, features: pd.DataFrame) -> Columns:
        """The answers by column, one value a row of ``features``; the columns do not depend on the rows."""
        ...

    def as_json(self, model: Any, row: Mapping[str, Any], as_of: float) -> dict[str, Any]:
        """One row of ``columns`` as it is sent; ``as_of`` in days since 1970-01-01 UTC."""
        ...

    def catalogue(self, model: Any) -> list[dict[str, Any]]:
        """The segments that the model knows."""
        ...


def kind_of(model: Any) -> Kind:
    """The functions for this kind of model."""
    return cast(Kind, segments if isinstance(model, Segmenter) else predictions)


def answer(bundle: Bundle, features: pd.DataFrame) -> pd.DataFrame:
    """One row a row of ``features`` [customer_id, *features], in its order.

    customer_id; then segment_id, segment_name and segment_strength in [0, 1] if the bundle has segments; then for each
    predictor the columns of its target behind the model's name, null where the task does not ask about the customer,
    and ``<name>_reason``, which is null everywhere else. Numbers are float64, whatever the rows.
    A row's answer does not depend on the other rows.
    """
    found = {"customer_id": pd.Series(features["customer_id"].tolist(), dtype="str")}
    for name, columns in columns_by_model(bundle, features).items():
        kind = kind_of(bundle.models[name].model)
        for column, values in columns.items():
            dtype = "str" if column in kind.TEXT else "float64"
            found[f"{kind.key(name)}_{column}"] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(found)


def columns_by_model(bundle: Bundle, features: pd.DataFrame) -> dict[str, Columns]:
    """The answers of each model by its name, one value a row of ``features``; segments come first."""
    models = {name: loaded.model for name, loaded in bundle.models.items()}
    names = sorted(models, key=lambda name: (kind_of(models[name]).key(name) != "segment", name))
    return {name: kind_of(models[name]).columns(models[name], features) for name in names}


def as_json(bundle: Bundle, features: pd.DataFrame, unknown: list[str], as_of: float) -> dict[str, Any]:
    """The body of an HTTP answer, as ``payload.Answers`` describes it; floats keep every bit."""
    answers: list[dict[str, Any]] = [{"customer_id": name} for name in features["customer_id"]]
    for name, columns in columns_by_model(bundle, features).items():
        model = bundle.models[name].model
        kind = kind_of(model)
        for one, values in zip(answers, zip(*columns.values(), strict=True), strict=True):
            one[kind.key(name)] = kind.as_json(model, dict(zip(columns, values, strict=True)), as_of)
    return {
        "answers": answers,
        "unknown": unknown,
        "as_of": iso(as_of),
        "models": bundle.versions,
        "bundle": bundle.version,
    }
