"""What each process on the way to a ready service may not import: importing is most of what a start takes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TRAINING = ("mlflow", "optuna", "duckdb", "sklearn", "hdbscan", "matplotlib", "sqlalchemy")
MODELS = ("pandas", "polars", "pyarrow", "scipy", "lightgbm", "models.artifact", "holidays")
BENTOML = ("bentoml", "starlette", "uvicorn")

COMMAND_LINE = "import pipelines.cli, pipelines.steps.serve"
LAUNCHER = "import serving.launch"
SUPERVISOR = "import serving.service"
WORKER = "import serving.service, serving.lookup, serving.model_store"
HISTORIES = """
import sys
sys.modules["sklearn"] = None
from pathlib import Path
from serving.bundle import load_bundle
from serving.history import warm_up
from serving.history_worker import facts
bundle = load_bundle(Path(sys.argv[1]))
warm_up(bundle)
facts(bundle)
"""


def imported(script: str, names: tuple[str, ...], *arguments: str) -> list[str]:
    """Which of the modules are there after the script, in a process of its own."""
    script += f"\nimport json, sys\nprint(json.dumps([name for name in {names!r} if sys.modules.get(name)]))"
    done = subprocess.run([sys.executable, "-c", script, *arguments], check=True, capture_output=True, text=True)
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("script", "forbidden"),
    [
        (COMMAND_LINE, (*TRAINING, *MODELS, *BENTOML, "numpy", "pydantic")),
        (LAUNCHER, (*TRAINING, *MODELS, *BENTOML, "numpy", "pydantic")),
        (SUPERVISOR, (*TRAINING, *MODELS, "numpy")),
        (WORKER, (*TRAINING, *MODELS)),
    ],
    ids=["command line", "launcher", "supervisor", "worker"],
)
def test_what_waits_for_histories_imports_no_more_than_it_needs(script: str, forbidden: tuple[str, ...]) -> None:
    assert imported(script, forbidden) == []


def test_the_process_of_histories_imports_neither_http_nor_what_only_training_needs(bundle_folder: Path) -> None:
    # This shop's customers have no countries, so there are no holidays to know.
    forbidden = (*TRAINING, *BENTOML, "holidays")
    assert imported(HISTORIES, forbidden, str(bundle_folder)) == []
