"""Answers of segmenters: the segment a customer is in."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.sample import Mask
from models.segments import identity
from models.segments.catalogue import to_json
from models.segments.segmenter import Segmenter, assign
from models.segments.soundness import SOUND
from serving.json_columns import Columns, json_texts

TEXT = ("id", "name", "unsound")


def key(model_name: str) -> str:  # noqa: ARG001 - the same whatever the study is called
    """Where the answer stands: under ``segment``."""
    return "segment"


def columns(segmenter: Segmenter, features: pd.DataFrame, about: Mask) -> Columns:
    """``id``, ``name`` and ``strength`` in [0, 1] of each row's segment; null for rows that it is not ``about``.

    Of segments that were put in force although they are not sound, ``unsound`` says why in a word or three.
    """
    texts: dict[str, NDArray[Any]] = {name: np.full(len(features), None, dtype=object) for name in ("id", "name")}
    found = {**texts, "strength": np.full(len(features), np.nan)}
    if about.any():
        assigned = assign(segmenter, features if about.all() else features[about])
        for name, values in found.items():
            values[about] = assigned[f"segment_{name}"].to_numpy(dtype=values.dtype)
    if segmenter.soundness is not None and segmenter.soundness.verdict != SOUND:
        found["unsound"] = np.full(len(features), None, dtype=object)
        found["unsound"][about] = segmenter.soundness.verdict
    return found


def as_json(segmenter: Segmenter, columns: Columns, as_of: float) -> list[str]:  # noqa: ARG001
    """Each row of ``columns`` as ``requests.answers.Segment``; ``null`` for people without a segment."""
    texts = np.full(len(columns["id"]), "null", dtype=object)
    inside = np.array([each is not None for each in columns["id"]], dtype=np.bool_)
    texts[inside] = json_texts({name: values[inside] for name, values in columns.items()}, int(inside.sum()))
    written: list[str] = texts.tolist()
    return written


def catalogue(segmenter: Segmenter) -> list[dict[str, Any]]:
    """The segments, most revenue first."""
    return to_json(segmenter.catalogue)


def cards(segmenter: Segmenter) -> dict[str, dict[str, Any]]:
    """Each segment by its id, with all that is known of it."""
    more = {str(card["id"]): card for card in segmenter.cards}
    history: dict[str, list[dict[str, Any]]] = {}
    for event in identity.to_json(segmenter.ledger):
        history.setdefault(event["id"], []).append(event)
    return {
        each["id"]: {**each, **more.get(each["id"], {}), "history": history.get(each["id"], [])}
        for each in catalogue(segmenter)
    }


def ledger(segmenter: Segmenter) -> list[dict[str, Any]]:
    """What became of the segments, and of those they descend from, the oldest first."""
    return identity.to_json(segmenter.ledger)
