"""The online features: every customer's numbers at the bundle's ``as_of``, found by id, mapped from disk.

Two plain arrays: ``ids.npy`` (n, sorted UTF-8 bytes of fixed width) and ``features.npy`` (n × k float64, NaN = null).
Numbers are kept as they were computed, so an answer from here is the batch's answer to the last bit.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import BadArtifact, BadInput


@dataclass(frozen=True)
class OnlineStore:
    """``ids`` sorted (n,), ``matrix`` (n, k) in the same order, ``features`` the k column names."""

    ids: NDArray[np.bytes_]
    matrix: NDArray[np.float64]
    features: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


def write_store(folder: Path, online: pd.DataFrame) -> tuple[str, ...]:
    """Write ``online`` [customer_id, *features] and return its feature names in column order."""
    features = tuple(str(name) for name in online.columns if name not in ("customer_id", "as_of"))
    ids = encoded(online["customer_id"].tolist())
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    twice = np.flatnonzero(ids[1:] == ids[:-1])
    if len(twice):
        # Without the id: what is raised here ends in a log.
        raise BadInput(f"{len(twice)} rows of features are of a customer who has one already: give one row a customer")
    matrix = np.ascontiguousarray(online[list(features)].to_numpy(dtype=np.float64)[order])
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "ids.npy", ids, allow_pickle=False)
    np.save(folder / "features.npy", matrix, allow_pickle=False)
    return features


def encoded(ids: Sequence[str], width: int | None = None) -> NDArray[np.bytes_]:
    """Ids as fixed-width UTF-8 bytes. NUL pads them, so an id must not hold one."""
    if any("\0" in name for name in ids):
        raise BadInput("a customer id holds a NUL character: clean the ids in the source's SQL")
    return np.array([name.encode() for name in ids], dtype=f"S{width}" if width else np.bytes_)


def read_store(folder: Path, features: Sequence[str]) -> OnlineStore:
    """The store in ``folder``, memory-mapped; its shape must be that of its manifest."""
    ids, matrix = _array(folder / "ids.npy"), _array(folder / "features.npy")
    if (
        ids.ndim != 1
        or ids.dtype.kind != "S"
        or matrix.dtype != np.float64
        or matrix.shape != (len(ids), len(features))
    ):
        raise BadArtifact(
            f"online features are {matrix.dtype} {matrix.shape} for {len(ids)} ids, "
            f"needed float64 with {len(features)} columns: publish the bundle again"
        )
    return OnlineStore(ids, matrix, tuple(features))


def _array(path: Path) -> Any:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BadArtifact(f"{path.name} is missing or no array ({error}): publish the bundle again") from None


def lookup(store: OnlineStore, ids: Sequence[str]) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Rows [customer_id, *features] of the known among ``ids``, in the order asked; and which are known (n,)."""
    width = store.ids.dtype.itemsize
    # A longer id cannot be known; comparing it would make numpy widen, and so copy, every stored id.
    fits = np.array([len(name.encode()) <= width for name in ids], dtype=bool)
    needles = encoded([name if fit else "" for name, fit in zip(ids, fits, strict=True)], width)
    places = np.minimum(np.searchsorted(store.ids, needles), max(len(store) - 1, 0))
    found = fits & (store.ids[places] == needles) if len(store) else np.zeros(len(ids), dtype=bool)
    frame = pd.DataFrame(store.matrix[places[found]], columns=list(store.features))
    frame.insert(0, "customer_id", [name for name, known in zip(ids, found, strict=True) if known])
    return frame, found


def held(store: OnlineStore, ids: Collection[str]) -> NDArray[np.bool_]:
    """Which of the stored customers (n,) are among ``ids``."""
    width = store.ids.dtype.itemsize
    return np.isin(store.ids, encoded([name for name in sorted(ids) if len(name.encode()) <= width], width or 1))


def all_rows(store: OnlineStore, batch: int) -> Iterator[pd.DataFrame]:
    """Every customer's [customer_id, *features] in order of id, at most ``batch`` rows at a time."""
    for start in range(0, len(store), batch):
        frame = pd.DataFrame(store.matrix[start : start + batch], columns=list(store.features))
        frame.insert(0, "customer_id", [name.decode() for name in store.ids[start : start + batch]])
        yield frame
