"""Work that fits share: its results are stored in a folder by the content of their inputs, and computed only once.

Trials, contestants and worker processes of one study share a folder, so none of them repeats what another has done.
"""

import fcntl
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class SharedFolder:
    """A temporary folder, removed with the last reference in the process that made it; other processes only use it."""

    path: Path
    made: "TemporaryDirectory[str] | None" = field(default=None, repr=False, compare=False)

    @staticmethod
    def new() -> "SharedFolder":
        """An empty folder."""
        made = TemporaryDirectory(prefix="coterie-segments-")
        return SharedFolder(Path(made.name), made)

    def __reduce__(self) -> tuple[Any, ...]:
        return SharedFolder, (self.path,)


def once(folder: Path, name: str, inputs: Sequence[Any], compute: Callable[[], Arrays]) -> Arrays:
    """The arrays that ``compute()`` returns; they are computed at the first call with these inputs and then read.

    ``inputs`` are arrays and values with a faithful ``repr``. While one process computes, others with the same inputs
    wait for its result; the lock ends with the process, however that ends.
    """
    path = folder / f"{name}-{content_hash(inputs)}.npz"
    if not path.is_file():
        with _locked(path.with_suffix(".lock")):
            if not path.is_file():
                _write(path, compute())
    with np.load(path, allow_pickle=False) as stored:
        return tuple(stored[f"arr_{number}"] for number in range(len(stored.files)))


def content_hash(inputs: Sequence[Any]) -> str:
    """SHA-256 of the inputs, in hex: of arrays with their shape and type, of other values as they are printed."""
    found = hashlib.sha256()
    for value in inputs:
        if isinstance(value, np.ndarray):
            found.update(f"{value.shape} {value.dtype} ".encode())
            found.update(np.ascontiguousarray(value).data)
        else:
            found.update(f"{value!r} ".encode())
    return found.hexdigest()


def _write(path: Path, arrays: Arrays) -> None:
    """Write a whole file or none: readers do not take the lock."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, *arrays)
    unfinished.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
