"""A model of ours as MLflow loads it in a notebook: ``mlflow.pyfunc.load_model("models:/churn@champion")``.

MLflow copies this file beside the plain artifact and runs it on loading; nothing is pickled. The hashes of the artifact
are checked as everywhere. Serving does not come this way.
"""

from pathlib import Path
from typing import Any

import mlflow

from models import artifact


class PlainModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]
    """Features in, answers out, one row each: the columns that the model's question has, or the segment's."""

    def load_context(self, context: Any) -> None:
        """Read the artifact; its hash is in the model's metadata."""
        self.loaded = artifact.load(Path(context.artifacts["artifact"]), (context.model_config or {}).get("sha256"))

    # MLflow would read the schema from type hints, and warn without them; the signature is given.
    _skip_type_hint_validation = True

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """A frame of answers in the order of the rows; columns are taken by name."""
        return artifact.table(self.loaded.model, model_input)


# MLflow runs its copy of this file under a name of its own; an ordinary import sets nothing.
if __name__ != "experiments.tracking.pyfunc":
    mlflow.models.set_model(PlainModel())
