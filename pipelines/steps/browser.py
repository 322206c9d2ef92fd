"""Opening a page in the user's browser as soon as its server answers."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser

from serving.launch import SAFE_PATH

START_SECONDS = 90.0


def somebody_looks() -> bool:
    """Whether this is an interactive terminal on a machine that can show windows."""
    shows_windows = sys.platform == "darwin" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))
    return sys.stdin.isatty() and sys.stderr.isatty() and shows_windows


def open_when_ready(address: str) -> None:
    """Open the page in a process of its own, since this one is about to become the server."""
    quiet = subprocess.DEVNULL
    start = [sys.executable, "-m", "pipelines.steps.browser", address]
    subprocess.Popen(start, env={**os.environ, **SAFE_PATH}, stdin=quiet, stdout=quiet, stderr=quiet)


def wait_and_open(address: str, seconds: float = START_SECONDS) -> bool:
    """Open the page once its server answers; False if it does not within this time, or there is no browser."""
    deadline = time.monotonic() + seconds
    while not answers(address):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return webbrowser.open(address)


def answers(address: str) -> bool:
    """Whether something answers there, be it with an error."""
    try:
        urllib.request.urlopen(address, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


if __name__ == "__main__":
    wait_and_open(sys.argv[1])
