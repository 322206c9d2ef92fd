"""Which segment in force each row of a dataset belongs to, so that a prediction can be judged segment by segment."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.dataset import Dataset
from experiments.tracking.registry import CHAMPION, aliased_version, artifact_folder
from features.errors import BadArtifact, NotFound
from models import artifact
from models.segments.segmenter import Segmenter, assign

if TYPE_CHECKING:
    from mlflow import MlflowClient


def segments_in_force(client: "MlflowClient", dataset: Dataset) -> NDArray[np.object_] | None:
    """(n,) id and name of each row's segment, by its features at its cutoff; None without segments that can be told.

    Of several segmentations the first by name counts.
    """
    for model in _segmenters(client):
        if not dataset.lacks(model.features):
            found = assign(model, dataset.read(model.features))
            return np.asarray((found["segment_id"] + " " + found["segment_name"]).to_numpy(dtype=object))
    return None


def _segmenters(client: "MlflowClient") -> Iterator[Segmenter]:
    """The segmentations in force whose artifacts are intact, by name."""
    names: list[Any] = sorted(model.name for model in client.search_registered_models())
    for name in names:
        version = aliased_version(client, name, CHAMPION)
        if version is None:
            continue
        try:
            loaded = artifact.load(artifact_folder(client, version), version.sha256)
        except (NotFound, BadArtifact):
            continue
        if isinstance(loaded.model, Segmenter):
            yield loaded.model
