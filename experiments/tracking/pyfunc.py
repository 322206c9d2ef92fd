"""A registered model as a pyfunc, for notebooks: ``mlflow.pyfunc.load_model("models:/churn@champion")``.

MLflow copies this file beside the plain artifact and runs it on loading; nothing is pickled, and the artifact's hashes
are checked. The service does not load models this way.
"""

from pathlib import Path
from typing import Any

import mlflow

from models import artifact


class PlainModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]
    """A frame of features in, a frame of answers out, row by row: the columns of ``models.artifact.table``."""

    def load_context(self, context: Any) -> None:
        """Load the artifact and check it against the hash in the model's configuration."""
        self.loaded = artifact.load(Path(context.artifacts["artifact"]), (context.model_config or {}).get("sha256"))

    # MLflow warns about missing type hints, but needs none: the signature is given.
    _skip_type_hint_validation = True

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """The answers for the rows of ``model_input``, in their order; columns are taken by name."""
        return artifact.table(self.loaded.model, model_input)


# MLflow runs its copy of this file under another name; an ordinary import must not set a model.
if __name__ != "experiments.tracking.pyfunc":
    mlflow.models.set_model(PlainModel())
