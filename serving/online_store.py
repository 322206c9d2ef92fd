"""The online store: every customer's features at the bundle's ``as_of``, memory-mapped and looked up by id.

Two plain arrays: ``ids.npy`` (n, sorted UTF-8 bytes of fixed width) and ``features.npy`` (n × k float64, NaN = null).
Features are stored as they were computed, so an answer from the store equals the batch's answer bit for bit.
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
        # The message names no customer, because it ends in a log.
        raise BadInput(f"{len(twice)} rows of features are of a customer who has one already: give one row a customer")
    matrix = np.ascontiguousarray(online[list(features)].to_numpy(dtype=np.float64)[order])
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "ids.npy", ids, allow_pickle=False)
    np.save(folder / "features.npy", matrix, allow_pickle=False)
    return features


def encoded(ids: Sequence[str], width: int | None = None) -> NDArray[np.bytes_]:
    """Ids as UTF-8 bytes of fixed width, padded with NUL; BadInput if an id contains NUL itself."""
    if any("\0" in name for name in ids):
        raise BadInput("a customer id contains a NUL character: clean the ids in the source's SQL")
    return np.array([name.encode() for name in ids], dtype=f"S{width}" if width else np.bytes_)


def read_store(folder: Path, features: Sequence[str]) -> OnlineStore:
    """The store in ``folder``, memory-mapped; BadArtifact unless it has a float64 column for each of ``features``."""
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
    """Features [customer_id, *features] of those ``ids`` that are stored, in the order asked; and which are (n,)."""
    width = store.ids.dtype.itemsize
    # An id longer than all stored ones is unknown; comparing it would make numpy widen, and so copy, every stored id.
    fits = np.array([len(name.encode()) <= width for name in ids], dtype=bool)
    needles = encoded([name if fit else "" for name, fit in zip(ids, fits, strict=True)], width)
    positions = np.minimum(np.searchsorted(store.ids, needles), max(len(store) - 1, 0))
    found = fits & (store.ids[positions] == needles) if len(store) else np.zeros(len(ids), dtype=bool)
    frame = pd.DataFrame(store.matrix[positions[found]], columns=list(store.features))
    frame.insert(0, "customer_id", [name for name, known in zip(ids, found, strict=True) if known])
    return frame, found


def stored_among(store: OnlineStore, ids: Collection[str]) -> NDArray[np.bool_]:
    """For each stored customer (n,), whether ``ids`` names them."""
    width = store.ids.dtype.itemsize
    return np.isin(store.ids, encoded([name for name in sorted(ids) if len(name.encode()) <= width], width or 1))


def batches(store: OnlineStore, rows_n: int) -> Iterator[pd.DataFrame]:
    """[customer_id, *features] of all customers in order of id, at most ``rows_n`` rows at a time."""
    for start in range(0, len(store), rows_n):
        frame = pd.DataFrame(store.matrix[start : start + rows_n], columns=list(store.features))
        frame.insert(0, "customer_id", [name.decode() for name in store.ids[start : start + rows_n]])
        yield frame
