"""Peak memory of a step: this process and every process it started, sampled five times a second."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

EVERY_SECONDS = 0.2


@dataclass
class Peak:
    """The most memory seen so far, in MB of 1,000,000 bytes."""

    mb: float = 0.0


@contextmanager
def peak_memory(pid: int | None = None) -> Iterator[Peak]:
    """Watch the process tree of ``pid`` (None: this process) while the block runs."""
    peak, ended = Peak(), threading.Event()

    def watch() -> None:
        while True:
            peak.mb = max(peak.mb, tree_memory_mb(pid))
            if ended.wait(EVERY_SECONDS):
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def tree_memory_mb(pid: int | None = None) -> float:
    """Memory in use now by ``pid`` and its descendants, in MB; 0 once the process is gone.

    A page that several processes share counts once (proportional set size); where the system does not know that size,
    resident memory is counted, shared pages once a process.
    """
    try:
        root = psutil.Process(pid)
        return sum(map(_memory_mb, [root, *root.children(recursive=True)]))
    except psutil.NoSuchProcess:
        return 0.0


def _memory_mb(process: psutil.Process) -> float:
    try:
        info = process.memory_full_info()
        return float(getattr(info, "pss", info.rss)) / 1e6
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0
