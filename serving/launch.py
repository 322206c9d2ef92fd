"""How the service is started: the command and the environment, for the command line, the tests and the benchmark."""

import os
import sys
from pathlib import Path

from serving.model_store import BUNDLE_VARIABLE

SERVICE = "serving.service:Coterie"


def command(host: str = "127.0.0.1", port: int = 3000) -> list[str]:
    """The command that serves; other machines can reach it only if ``host`` says so."""
    return [sys.executable, "-m", "bentoml", "serve", SERVICE, "--host", host, "--port", str(port)]


def environment(bundle: Path | None = None) -> dict[str, str]:
    """This process's environment without telemetry, serving ``bundle`` or else the latest in the model store.

    BentoML decides about telemetry before it imports the service, so only its starter can turn it off.
    """
    chosen = {BUNDLE_VARIABLE: str(bundle)} if bundle is not None else {}
    return {"BENTOML_DO_NOT_TRACK": "True", **os.environ, **chosen}
