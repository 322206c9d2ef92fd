"""How the service is started: the command and the environment, for the command line, the tests and the benchmark.

The command is ``python -m serving.launch``: the process that answers histories, which takes longest, and then
BentoML's own command in this process. So nothing here may import more than it needs.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from serving import history_process
from serving.requests.hosts import HOSTS_VARIABLE, allowed_hosts, listed

SERVICE = "serving.service:Coterie"
LOOPBACK = "127.0.0.1"
BUNDLE_VARIABLE = "COTERIE_BUNDLE"
ROOT = Path(__file__).resolve().parents[1]
"""The folder that contains coterie's packages."""

SAFE_PATH = {"PYTHONSAFEPATH": "1"}
"""Keeps the working directory off Python's path: a project's own ``models/`` or ``serving/`` would hide coterie's."""


def command(host: str = LOOPBACK, port: int = 3000) -> list[str]:
    """The command line that starts the service; with another ``host`` than loopback other machines can reach it."""
    return [sys.executable, "-m", "serving.launch", "--host", host, "--port", str(port)]


def environment(bundle: Path | None = None, hosts: Sequence[str] = (LOOPBACK,)) -> dict[str, str]:
    """This process's environment, without telemetry, to serve ``bundle`` or else the latest in the model store.

    Requests may name ``hosts``, beside loopback and what the environment lists already; BadInput if one of them is
    neither a domain name nor an address.
    BentoML decides about telemetry before it imports the service, so whoever starts it has to turn it off.
    """
    chosen = {BUNDLE_VARIABLE: str(bundle)} if bundle is not None else {}
    named = list(dict.fromkeys([*hosts, *listed(os.environ.get(HOSTS_VARIABLE, ""))]))
    allowed_hosts(named)  # an error of the service itself would only reach its log
    found = {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    hosts_named = {HOSTS_VARIABLE: ",".join(named)}
    return {"BENTOML_DO_NOT_TRACK": "True", **os.environ, **SAFE_PATH, **found, **chosen, **hosts_named}


def main() -> None:
    """Start the process that answers histories, then be BentoML's command on the service; its arguments are ours."""
    given = os.environ.get(BUNDLE_VARIABLE)
    # Held, because what is forgotten while it runs is warned of. Without a folder BentoML has to find the bundle.
    _early = history_process.start_early(Path(given).resolve()) if given else None
    from bentoml_cli.cli import cli  # only now, because it takes a second

    sys.argv = ["bentoml", "serve", "--working-dir", str(ROOT), SERVICE, *sys.argv[1:]]
    cli()


if __name__ == "__main__":
    main()
