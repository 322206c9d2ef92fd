"""A stand-in for the process that answers histories: it does what a body says, and needs no bundle."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from serving.history_process import HistoryProcess
from serving.history_worker import read, write


def start(folder: Path) -> HistoryProcess:  # noqa: ARG001 - as history_process.start
    """Start the stand-in."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, __file__, str(theirs.fileno())]
        child = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    return HistoryProcess(child.pid, ours, child)


def main() -> None:
    """Answer each body with itself, after ``sleep<seconds>`` if it says so; ``die`` ends the process."""
    with socket.socket(fileno=int(sys.argv[1])) as connection, connection.makefile("rwb") as stream:
        write(stream, 200, b"{}")
        while (body := read(stream)) is not None:
            if body == b"die":
                os._exit(1)
            if body.startswith(b"sleep"):
                time.sleep(float(body.removeprefix(b"sleep")))
            write(stream, 200, body)


if __name__ == "__main__":
    main()
