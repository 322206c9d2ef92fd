"""Evidence: the losses of a study's test, stored with its run, so that the gate need not repeat the test."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.dataset import Dataset
from experiments.study import Study
from experiments.tracking.runs import StudyRun, code_version
from models.sample import Floats

if TYPE_CHECKING:
    from mlflow import MlflowClient

FILE = "test_losses.npz"
FOLDER = "evidence"
HASH_TAG = "coterie.test_losses_sha256"
KEY_TAG = "coterie.test_key"


def key_of_test(study: Study, dataset: Dataset) -> str:
    """Equal for tests of the same question, seed, dataset and code, however the parameters were searched for."""
    asked = study.model_dump(mode="json", exclude={"title", "search", "promotion", "segments"})
    parts = [asked, study.search.seed, dataset.fingerprint, code_version()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def record(run: StudyRun, study: Study, dataset: Dataset, folder: Path, found: Mapping[str, list[Floats]]) -> None:
    """Log every contestant's losses, one array per test cutoff, as ``.npz``; without losses, do nothing."""
    if not found:
        return
    arrays = {f"{name}/{k:02d}": loss for name, by_cutoff in found.items() for k, loss in enumerate(by_cutoff)}
    np.savez(folder / FILE, allow_pickle=False, **arrays)
    run.client.log_artifact(run.run_id, str(folder / FILE), FOLDER)
    run.client.set_tag(run.run_id, KEY_TAG, key_of_test(study, dataset))
    run.client.set_tag(run.run_id, HASH_TAG, hashlib.sha256((folder / FILE).read_bytes()).hexdigest())


def recall(study: Study, dataset: Dataset, client: "MlflowClient", run_id: str) -> dict[str, list[Floats]]:
    """Losses by contestant, oldest cutoff first; empty unless the run's test was the same and its file is intact."""
    same = client.get_run(run_id).data.tags.get(KEY_TAG) == key_of_test(study, dataset)
    return losses_of(client, run_id) if same else {}


def losses_of(client: "MlflowClient", run_id: str) -> dict[str, list[Floats]]:
    """Losses of a run's contestants, oldest cutoff first; empty if it has none or its file is not intact."""
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    tags = client.get_run(run_id).data.tags
    if HASH_TAG not in tags:
        return {}
    place = f"{FOLDER}/{FILE}"
    try:
        path = Path(download_artifacts(run_id=run_id, artifact_path=place, tracking_uri=client.tracking_uri))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}
    if hashlib.sha256(path.read_bytes()).hexdigest() != tags[HASH_TAG]:
        return {}
    with np.load(path, allow_pickle=False) as arrays:
        names = sorted(arrays.files)
        found: dict[str, list[Floats]] = {name.rpartition("/")[0]: [] for name in names}
        for name in names:
            found[name.rpartition("/")[0]].append(arrays[name])
    return found
