"""A reader of the pages: a clone with its environment, and a machine with a shop's files, on which blocks are run.

Everything is done as the pages print it. Two things are lessened, by ``coterie_of_tests.py``, which stands for the
command ``coterie``: a search has one trial, and a server takes a free port and does not keep its terminal.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import polars as pl

from tests.docs.blocks import REPO
from tests.docs.coterie_of_tests import stop

FOLDERS = ("features", "models", "experiments", "serving", "pipelines", "examples")
FILES = ("Makefile", "MLproject", "python_env.yaml", "bentofile.yaml", "pyproject.toml", "requirements.lock")
SERVERS = {"serve": 3000, "ui": 5000}
ELSEWHERE = re.compile(r"(?<![\w.:/])/(data|backups|srv)\b")
"""Folders of the reader's machine that the pages name; here they are below the clone."""

SESSION_FILE = "session"
SESSION = f"[ ! -e {SESSION_FILE} ] || . ./{SESSION_FILE}\ntrap 'export -p > {SESSION_FILE}' EXIT\n"
"""One terminal for all blocks of a page."""


class Reader:
    """``root`` is the clone, where every block is run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ports = {name: free_port() for name in SERVERS}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "COTERIE_"))},
            "PATH": f"{root / '.venv' / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": "",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "BENTOML_DO_NOT_TRACK": "True",
            **{f"PORT_OF_{name.upper()}": str(port) for name, port in self.ports.items()},
        }

    def clone(self) -> None:
        """The repository with an installed environment."""
        for name in FOLDERS:
            shutil.copytree(REPO / name, self.root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in FILES:
            shutil.copy(REPO / name, self.root)
        install(self.root)

    def bring_a_shop(self) -> None:
        """Files below the folders that the pages name: the order lines of the demo's shop, with columns of its own."""
        own = self.root / "data" / "my_shop"
        own.mkdir(parents=True)
        (orders,) = (self.root / "workspace" / "canonical").glob("*/orders.parquet")
        sales = pl.read_parquet(orders).filter(pl.col("kind") == "sale").sort("at", "order_id", "product_id")
        names = {"order_id": "ticket", "customer_id": "client", "at": "sold_on", "product_id": "sku"}
        names |= {"quantity": "qty", "unit_price": "price"}
        sales.select(*names).rename(names).write_csv(own / "sales-2024.csv", datetime_format="%Y-%m-%d %H:%M:%S")
        shutil.copytree(self.root / "examples" / "shopify" / "raw", self.root / "data" / "shopify")
        (self.root / "backups").mkdir()
        (self.root / "srv").mkdir()

    def here(self, text: str) -> str:
        """A block with the folders and addresses of this reader."""
        for name, port in SERVERS.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{self.ports[name]}")
        return ELSEWHERE.sub(lambda found: str(self.root / found[1]), text)

    def type(self, text: str) -> str:
        """What the commands print on stdout; fails with their errors. What is exported holds until the page ends."""
        return self._run("bash", "-euo", "pipefail", "-c", SESSION + self.here(text))

    def run_python(self, text: str) -> str:
        """What the code prints."""
        return self._run("python", "-c", self.here(text))

    def write(self, file: str, text: str) -> None:
        (self.root / file).parent.mkdir(parents=True, exist_ok=True)
        (self.root / file).write_text(self.here(text), encoding="utf-8")

    def stop_servers(self) -> None:
        """End those that ``coterie_of_tests.py`` started, which wrote down their process ids."""
        for file in self.root.glob("*.pid"):
            stop(int(file.read_text()))
            file.unlink()

    def _run(self, program: str, *arguments: str) -> str:
        command = [str(shutil.which(program, path=self.environment["PATH"])), *arguments]
        with (self.root / "stderr.txt").open("w+") as errors:  # no pipe: a server keeps it open
            streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": errors}
            done = subprocess.run(command, cwd=self.root, env=self.environment, timeout=7200, **streams)
            errors.seek(0)
            assert done.returncode == 0, f"{arguments[-1]}\n{done.stdout.decode()[-1500:]}\n{errors.read()[-3000:]}"
        return done.stdout.decode()


def install(root: Path) -> None:
    """An environment ``.venv`` with the libraries of this one, and the packages of the clone before all else."""
    folder = root / ".venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    packages = next((folder / "lib").glob("python*")) / "site-packages"
    (packages / "clone.pth").write_text(f"{root}\n{sysconfig.get_paths()['purelib']}\n")
    for name in ("mlflow", "bentoml"):
        _, _, script = (Path(sys.executable).parent / name).read_text().partition("\n")
        executable(folder / "bin" / name, f"#!{python}\n{script}")
    executable(folder / "bin" / "coterie", f"#!{python}\n{Path(__file__).with_name('coterie_of_tests.py').read_text()}")
    (folder / "installed").touch()


def executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
