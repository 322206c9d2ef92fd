"""A registered model as a pyfunc, for notebooks: ``mlflow.pyfunc.load_model("models:/churn@champion")``.

MLflow copies this file beside the plain artifact and runs it on loading; nothing is pickled, and the artifact's hashes
are checked. The service does not load models this way.

A notebook's own ``features.py`` or ``models/`` hides the packages of these names that coterie installs. So this file
imports neither when it is loaded, and finds them by their folder, for as long as they are needed.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow

PACKAGES = ("features", "models")
"""Packages of coterie that a prediction imports."""
LOCK = threading.RLock()


class PlainModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]
    """Rows of features in, a frame of answers out, row by row: the columns of ``models.artifact.table``."""

    def load_context(self, context: Any) -> None:
        """Load the artifact and check it against the hash in the model's configuration."""
        self.modules: dict[str, ModuleType] = {}
        with imported(self.modules):
            artifact = import_module("models.artifact")
            expected = (context.model_config or {}).get("sha256")
            self.loaded = artifact.load(Path(context.artifacts["artifact"]), expected)

    # MLflow warns about missing type hints, but needs none: the signature is given.
    _skip_type_hint_validation = True

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """The answers for the rows of a dataset or of a snapshot, in their order; columns are taken by name."""
        with imported(self.modules):
            return import_module("models.artifact").table(self.loaded.model, model_input)


@contextmanager
def imported(ours: dict[str, ModuleType]) -> Iterator[None]:
    """Inside the block, ``import features`` and ``import models`` mean coterie's; afterwards what they meant before.

    ``ours`` are coterie's modules so far, by name; those that the block imports are added.
    """
    with LOCK:
        before, root = loaded_modules(), installed_in()
        if not ours and all(is_in(root, before.get(name)) for name in PACKAGES):
            ours.update(before)
        if ours and all(before.get(name) is ours[name] for name in PACKAGES):
            yield
            return
        replace_modules(ours)
        sys.path.insert(0, str(root))
        try:
            yield
        finally:
            sys.path.remove(str(root))
            ours.update(loaded_modules())
            replace_modules(before)


def installed_in() -> Path:
    """The folder that contains coterie's packages: the first on the import path in which they are coterie's."""
    paths = [Path(entry or ".").resolve() for entry in sys.path]
    # An editable install is not on the path: a finder of its own knows the folder.
    specs = [finder.find_spec(PACKAGES[0], None) for finder in sys.meta_path if hasattr(finder, "find_spec")]
    paths += [Path(spec.origin).parents[1] for spec in specs if spec is not None and spec.origin]
    for root in paths:
        if all((root / file).is_file() for file in ("features/tables.py", "models/artifact.py")):
            return root
    raise ModuleNotFoundError("coterie is not installed in this environment: pip install it beside mlflow")


def is_in(root: Path, module: ModuleType | None) -> bool:
    """Whether a package was imported from this folder."""
    return module is not None and any(Path(path).resolve().parent == root for path in getattr(module, "__path__", ()))


def loaded_modules() -> dict[str, ModuleType]:
    """The modules called like coterie's that are imported now, whoever they are of."""
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in PACKAGES}


def replace_modules(modules: dict[str, ModuleType]) -> None:
    """Make these the modules called like coterie's, instead of those that are imported now."""
    for name in loaded_modules():
        del sys.modules[name]
    sys.modules.update(modules)


# MLflow runs its copy of this file under another name; an ordinary import must not set a model.
if __name__ != "experiments.tracking.pyfunc":
    mlflow.models.set_model(PlainModel())
