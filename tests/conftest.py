"""What every test may use: the real data where it lies, and a hush for other people's telemetry."""

import multiprocessing
import os
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

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


@pytest.fixture(scope="session")
def forks() -> ForkServerContext:
    """Processes that begin with everything imported, as forks of one that has done nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["experiments.search.objective", "experiments.kinds", "pipelines.steps.erase"])
    return context


TOGETHER = ("tests/experiments/", "tests/pipelines/simulation/", "tests/serving/")
"""Folders that stay on one worker: what their files share (a service, finished studies, a shop) is made once."""
FIRST = ("tests/journeys/", *TOGETHER)
"""What takes longest begins first, so that no worker is left with it at the end."""


OF_ONE_SHOP = tuple(f"tests/journeys/test_{name}.py" for name in ("answers", "segments", "python"))
"""Files that look at the same trained shop, which takes minutes to make."""


class ByFixtures(LoadFileScheduling):
    """A file is run by one worker, and so are all files of the folders in ``TOGETHER``, and those ``OF_ONE_SHOP``."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(OF_ONE_SHOP):
            return OF_ONE_SHOP[0]
        return next((folder for folder in TOGETHER if nodeid.startswith(folder)), super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFixtures:
    """In place of ``--dist loadfile``."""
    return ByFixtures(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of ``FIRST`` before all others."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
