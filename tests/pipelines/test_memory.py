"""The peak covers this process and its children, and counts what they share once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pipelines.memory import peak_memory, tree_memory_mb


@contextmanager
def child_holding(made: str) -> Iterator[float]:
    """The memory of this process with a child that ran ``made`` and still lives."""
    code = f"import sys; {made}; print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield tree_memory_mb()
        child.communicate()


def test_the_peak_stays_after_the_memory_was_given_back() -> None:
    before = tree_memory_mb()
    with peak_memory() as peak:
        held = b"1" * 200_000_000
        while peak.mb < before + 150:
            assert held
        del held
    assert before + 150 < peak.mb
    assert tree_memory_mb() < peak.mb - 100


def test_the_memory_of_a_child_counts() -> None:
    before = tree_memory_mb()
    with child_holding("held = b'1' * 200_000_000") as held:
        assert held > before + 180


def test_a_file_that_parent_and_child_map_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "mapped.npy"
    np.save(path, np.ones(25_000_000))
    mapped = np.load(path, mmap_mode="r")
    assert mapped.sum() == len(mapped)
    before = tree_memory_mb()
    with child_holding(f"import numpy; held = numpy.load({str(path)!r}, mmap_mode='r'); held.sum()") as held:
        assert held - before < 150


def test_a_process_that_is_gone_has_no_memory() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert tree_memory_mb(child.pid) == 0.0
