"""The process that answers histories, as its users hold it: started, handed over to a later process, ended.

Loading the models takes longer than importing BentoML. So whoever starts the service starts this process first
(``start_early``), and the service's worker takes it over when it comes up (``take``). The worker cannot inherit its
connection: BentoML's supervisor in between would hold a copy, so that the process would outlive the worker. The
connection waits in a pair of sockets that all of them inherit, and only one can take it out. If nobody does, it is
closed with the last of them, and the process ends.
"""

import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "COTERIE_HISTORY_PROCESS"
"""The descriptor from which a process that was started early can be taken."""
MESSAGE_BYTES = 8192
"""More than a process's number and the longest path."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
"""With more threads a single row took up to a hundred times longer under load."""


@dataclass(frozen=True)
class HistoryProcess:
    """The process ``pid``, this side of its socket, and how it is waited for; None if another process started it."""

    pid: int
    connection: socket.socket
    child: "subprocess.Popen[bytes] | None" = None

    def end(self) -> None:
        """Kill it; the connection is its user's to close."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
        elif not self.has_ended():  # once it has, its number may be another process's
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def has_ended(self) -> bool:
        """Whether its side of the socket is closed."""
        if self.connection.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(self.connection, select.POLLHUP)
        return bool(poll.poll(0))


def start(folder: Path) -> HistoryProcess:
    """Start the process for the bundle in ``folder``, which is named by its version."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", "serving.history_worker", str(theirs.fileno()), str(folder)]
        # In a Bento the modules are found by a path that only BentoML's loader has added.
        env = {**ONE_THREAD, **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        # A session of its own, as BentoML's worker has: it ends with the service, not with the terminal.
        child = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=env, start_new_session=True
        )
    return HistoryProcess(child.pid, ours, child)


def start_early(folder: Path) -> HistoryProcess:
    """Start the process for whichever process below this one takes it first."""
    started = start(folder)
    giving, taking = socket.socketpair()
    with giving, started.connection:
        message = os.fsencode(f"{started.pid} {folder}")
        socket.send_fds(giving, [message], [started.connection.fileno()])
    taking.set_inheritable(True)
    os.environ[VARIABLE] = str(taking.detach())
    return started


def take(folder: Path) -> HistoryProcess | None:
    """The process that was started early for the bundle in ``folder``; None if there is none, or it is taken."""
    given = os.environ.pop(VARIABLE, "")
    if not given.isdecimal():
        return None
    try:
        with socket.socket(fileno=int(given)) as taking:
            message, descriptors, _, _ = socket.recv_fds(taking, MESSAGE_BYTES, 1, socket.MSG_DONTWAIT)
    except OSError:
        return None
    if not descriptors:
        return None
    connection = socket.socket(fileno=descriptors[0])
    pid, _, its_folder = os.fsdecode(message).partition(" ")
    if its_folder != str(folder):
        connection.close()
        return None
    return HistoryProcess(int(pid), connection)
