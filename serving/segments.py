"""Answers of segmenters: the segment a customer is in."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.sample import Mask
from models.segments import hierarchy, identity
from models.segments.catalogue import to_json
from models.segments.french import french
from models.segments.segmenter import Segmenter, assign
from models.segments.soundness import SOUND
from serving.json_columns import Columns, json_texts

TEXT = ("id", "name", "group_id", "group_name", "unsound")
ONLY_JSON: tuple[str, ...] = ()


def key(model_name: str) -> str:  # noqa: ARG001 - the same whatever the study is called
    """Where the answer stands: under ``segment``."""
    return "segment"


def columns(segmenter: Segmenter, features: pd.DataFrame, about: Mask) -> Columns:
    """``id``, ``name`` and ``strength`` in [0, 1] of each row's segment; null for rows that it is not ``about``.

    Where segments have groups above them, ``group_id`` and ``group_name``; null for customers in no segment. Of
    segments that were put in force although they are not sound, ``unsound`` says why in a word or three.
    """
    named = ("id", "name", *(("group_id", "group_name") if segmenter.groups else ()))
    texts: dict[str, NDArray[Any]] = {name: np.full(len(features), None, dtype=object) for name in named}
    found = {**texts, "strength": np.full(len(features), np.nan)}
    if about.any():
        assigned = assign(segmenter, features if about.all() else features[about])
        for name, values in found.items():
            values[about] = known(assigned[f"segment_{name}"]) if name in texts else assigned[f"segment_{name}"]
    if segmenter.soundness is not None and segmenter.soundness.verdict != SOUND:
        found["unsound"] = np.full(len(features), None, dtype=object)
        found["unsound"][about] = segmenter.soundness.verdict
    return found


def known(column: "pd.Series[Any]") -> NDArray[Any]:
    """Text as objects, None where it is null."""
    return column.astype(object).where(column.notna(), None).to_numpy(dtype=object)


def as_json(segmenter: Segmenter, columns: Columns, as_of: float) -> list[str]:  # noqa: ARG001
    """Each row of ``columns`` as ``requests.answers.Segment``; ``null`` for people without a segment."""
    texts = np.full(len(columns["id"]), "null", dtype=object)
    inside = np.array([each is not None for each in columns["id"]], dtype=np.bool_)
    texts[inside] = json_texts({name: values[inside] for name, values in columns.items()}, int(inside.sum()))
    written: list[str] = texts.tolist()
    return written


def catalogue(segmenter: Segmenter) -> list[dict[str, Any]]:
    """The segments, most revenue first, each with its name in French and the id of the group above it."""
    above = hierarchy.parents(segmenter.groups)
    return [
        {**each, "name_fr": french(each["name"]), "group_id": above[each["id"]].id if each["id"] in above else None}
        for each in to_json(segmenter.catalogue)
    ]


def groups(segmenter: Segmenter) -> list[dict[str, Any]]:
    """The coarse groups above the segments, most revenue first."""
    return [{**each, "name_fr": french(each["name"])} for each in hierarchy.to_json(segmenter.groups)]


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
