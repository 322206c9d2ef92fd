"""``coterie`` for a reader who does not wait: one trial, and servers that run on while the next command is typed."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

SEARCHING = ("demo", "train", "retrain")
READY = {"serve": "readyz", "ui": "health"}
START_SECONDS = 900


def start(name: str, command: list[str]) -> int:
    """Start a server on the port set for it, wait until it answers, and leave its process group in a file.

    One that runs already is stopped first, as a reader would do.
    """
    port, running = os.environ[f"PORT_OF_{name.upper()}"], Path(f"{name}.pid")
    if running.exists():
        stop(int(running.read_text()))
    with Path(f"{name}.log").open("wb") as log:
        server = subprocess.Popen([*command, "--port", port], stdout=log, stderr=log, start_new_session=True)
    running.write_text(str(server.pid))
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/{READY[name]}", timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return 0
    sys.stderr.write(Path(f"{name}.log").read_text()[-2000:])
    return 1


def stop(group: int) -> None:
    """End every process of the group, at last by force."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
        for _ in range(200):
            os.killpg(group, 0)
            time.sleep(0.1)
        os.killpg(group, signal.SIGKILL)


def main(*arguments: str) -> int:
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    if arguments[0] in READY:
        return start(arguments[0], command)
    return subprocess.call([*command, "--trials", "1"] if arguments[0] in SEARCHING else command)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
