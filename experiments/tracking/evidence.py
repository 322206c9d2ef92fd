"""What the test of a study found, kept with its run: the gate judges the same test by it and need not repeat it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.config import StudyConfig
from experiments.dataset import Dataset
from experiments.evaluate import Contestant, Tested, losses, rolling_test
from experiments.tracking.runs import StudyRun, code_version
from models.sample import Floats

if TYPE_CHECKING:
    from mlflow import MlflowClient

FILE = "test_losses.npz"
FOLDER = "evidence"
HASH_TAG = "coterie.test_losses_sha256"
KEY_TAG = "coterie.test_key"


def key_of_test(config: StudyConfig, dataset: Dataset) -> str:
    """What makes two tests the same: the question, the seed, the dataset's bytes and our code; not how was searched."""
    asked = config.model_dump(mode="json", exclude={"title", "search", "promotion", "segments"})
    parts = [asked, config.search.seed, dataset.fingerprint, code_version()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def keep(study: StudyRun, config: StudyConfig, dataset: Dataset, folder: Path, tested: Sequence[Tested]) -> None:
    """Log every contestant's log-loss a row and test cutoff, rows in the dataset's order, as plain arrays."""
    arrays = {f"{each.contestant.name}/{k:02d}": loss for each in tested for k, loss in enumerate(losses(each))}
    np.savez(folder / FILE, allow_pickle=False, **arrays)
    study.client.log_artifact(study.run_id, str(folder / FILE), FOLDER)
    study.client.set_tag(study.run_id, KEY_TAG, key_of_test(config, dataset))
    study.client.set_tag(study.run_id, HASH_TAG, hashlib.sha256((folder / FILE).read_bytes()).hexdigest())


def tested_losses(
    config: StudyConfig, dataset: Dataset, contestants: Sequence[Contestant], client: "MlflowClient", run_id: str
) -> dict[str, list[Floats]]:
    """Log-loss a row at each test cutoff, oldest first, of each contestant by its name.

    From the run's evidence where that was the same test; tested anew otherwise.
    """
    kept = _kept(config, dataset, client, run_id)
    return {
        each.name: kept[each.name] if each.name in kept else losses(rolling_test(config, dataset, each))
        for each in contestants
    }


def _kept(config: StudyConfig, dataset: Dataset, client: "MlflowClient", run_id: str) -> Mapping[str, list[Floats]]:
    from mlflow.artifacts import download_artifacts

    tags = client.get_run(run_id).data.tags
    if tags.get(KEY_TAG) != key_of_test(config, dataset) or HASH_TAG not in tags:
        return {}
    path = Path(download_artifacts(run_id=run_id, artifact_path=f"{FOLDER}/{FILE}", tracking_uri=client.tracking_uri))
    if hashlib.sha256(path.read_bytes()).hexdigest() != tags[HASH_TAG]:
        return {}
    with np.load(path, allow_pickle=False) as arrays:
        names = sorted(arrays.files)
        found: dict[str, list[Floats]] = {name.rpartition("/")[0]: [] for name in names}
        for name in names:
            found[name.rpartition("/")[0]].append(arrays[name])
    return found
