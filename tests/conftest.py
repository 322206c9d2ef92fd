"""What every test may use: the real data where it lies, and a hush for other people's telemetry."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time: a red run can be run again, and a green one stays green.
settings.register_profile("coterie", derandomize=True, deadline=None)
settings.load_profile("coterie")

os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

REPO = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real data sets (``$COTERIE_DATA``, else ``../shared/data``); skips where it is absent."""
    folder = Path(os.environ.get("COTERIE_DATA", REPO.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}: set COTERIE_DATA to the folder that holds it")
    return folder
