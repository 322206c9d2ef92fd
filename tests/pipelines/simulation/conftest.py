"""A simulated shop, and what ingest makes of it: once for all tests of the simulation."""

from pathlib import Path

import pytest

from pipelines.ingest.canonical import ingest
from pipelines.ingest.result import IngestResult
from pipelines.simulation.simulate import simulate
from pipelines.sources import load_source
from pipelines.workspace import Workspace


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,500 customers over two years, in two chunks."""
    folder = tmp_path_factory.mktemp("simulated") / "shop"
    simulate(folder, customers=1500, seed=3, chunk=1000)
    return folder


@pytest.fixture(scope="session")
def ingested(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> IngestResult:
    """The shop's canonical tables, rejects and findings."""
    return ingest(Workspace(tmp_path_factory.mktemp("home")), load_source("simulated"), shop / "raw")
