"""The workspace that a benchmark looks at: the one that is named, else a simulated shop of 2,000 customers."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.simulation.simulate import simulate
from pipelines.steps.ingest import ingest_step
from pipelines.workspace import Workspace

CUSTOMERS = 2_000


@contextmanager
def workspace_of(home: Path | None) -> Iterator[Workspace]:
    """The workspace ``home`` with canonical tables; without one, a shop that is deleted with the block."""
    if home is not None:
        yield Workspace(home)
        return
    with tempfile.TemporaryDirectory(prefix="coterie-shop-") as place:
        yield simulated(Path(place))


def simulated(place: Path) -> Workspace:
    """A simulated shop below ``place``, ingested."""
    workspace = Workspace(place / "home")
    simulate(workspace.home / "raw" / "simulated", customers=CUSTOMERS, seed=7)
    ingest_step(workspace, "simulated", "", None)
    return workspace
