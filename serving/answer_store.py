"""The answer store: every customer's answer, ready to be sent, looked up by id without loading any of them.

``ids.npy`` has the customers' ids (n, sorted UTF-8 bytes of fixed width), ``answers.bin`` their answers as JSON, one
after the other in that order, and ``offsets.npy`` (n + 1, unsigned 64-bit) the byte each answer begins at, last the
file's size. The arrays are memory-mapped and an answer is read where it lies: nothing of a customer is ever loaded.
"""

import os
import weakref
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import BadArtifact, BadInput

IDS, OFFSETS, ANSWERS = "ids.npy", "offsets.npy", "answers.bin"
OFFSET = np.dtype("<u8")
CHECKED = 1 << 16
"""Entries that are compared at a time, so that a check needs no copy of the whole array."""


@dataclass(frozen=True, eq=False)
class AnswerStore:
    """``ids`` sorted (n,), ``offsets`` (n + 1,) in the same order, both mapped, into the open file ``answers``."""

    ids: NDArray[np.bytes_]
    offsets: memoryview
    answers: int

    def __post_init__(self) -> None:
        weakref.finalize(self, os.close, self.answers)

    def __len__(self) -> int:
        return len(self.ids)

    def find(self, customer_id: str) -> bytes | None:
        """The customer's answer as JSON; None if the store does not have them."""
        place = self.place(customer_id)
        return None if place is None else self.at(place)

    def at(self, place: int) -> bytes:
        """The answer of the customer at this place in ``ids``."""
        start = self.offsets[place]
        # Not mapped as the arrays are: all that was ever read of a map counts as memory of the process.
        return os.pread(self.answers, self.offsets[place + 1] - start, start)

    def place(self, customer_id: str) -> int | None:
        """Where the customer is in ``ids``; None if they are not."""
        needle = customer_id.encode("utf-8", "surrogatepass")
        # In the type of the stored ids, which cuts a longer one short: else numpy would widen, so copy, all of them.
        place = int(self.ids.searchsorted(np.array(needle, dtype=self.ids.dtype)))
        return place if place < len(self.ids) and self.ids[place] == needle else None

    def stored_among(self, customers: Collection[str]) -> NDArray[np.intp]:
        """Places of those ``customers`` that are stored, ascending."""
        places = {self.place(name) for name in customers}
        return np.array(sorted(place for place in places if place is not None), dtype=np.intp)


def encoded(ids: Sequence[str]) -> NDArray[np.bytes_]:
    """Ids as UTF-8 bytes of fixed width, padded with NUL; BadInput if an id contains NUL itself."""
    if any("\0" in name for name in ids):
        raise BadInput("a customer id contains a NUL character: clean the ids in the source's SQL")
    return np.array([name.encode() for name in ids], dtype=np.bytes_)


def write_answers(folder: Path, ids: NDArray[np.bytes_], parts: Iterable[Sequence[bytes]]) -> None:
    """Write the store of ``ids`` (n, as :func:`encoded` gives them, ascending) into ``folder``.

    ``parts`` have the customers' answers in the order of ``ids``; where one part ends does not matter.
    """
    _check_ascending(ids)
    folder.mkdir(parents=True, exist_ok=True)
    width = int(np.char.str_len(ids).max(initial=1))
    lengths = []
    with (folder / ANSWERS).open("wb") as file:
        for answers in parts:
            lengths.append(np.fromiter(map(len, answers), dtype=OFFSET, count=len(answers)))
            file.write(b"".join(answers))
    offsets = np.cumsum(np.concatenate([np.zeros(1, OFFSET), *lengths]), dtype=OFFSET)
    if len(offsets) != len(ids) + 1:
        raise BadInput(f"{len(offsets) - 1} answers are of {len(ids)} customers: give one answer a customer")
    np.save(folder / IDS, ids.astype(f"S{width}"), allow_pickle=False)
    np.save(folder / OFFSETS, offsets, allow_pickle=False)


def _check_ascending(ids: NDArray[np.bytes_]) -> None:
    twice = int((ids[1:] == ids[:-1]).sum())
    if twice:
        # The message names no customer, because it ends in a log.
        raise BadInput(f"{twice} answers are of a customer who has one already: give one row a customer")
    if not _ascends(ids, strictly=True):
        raise BadInput("the customers' ids are not sorted by their UTF-8 bytes: sort them, and their answers alike")


def read_answers(folder: Path) -> AnswerStore:
    """The store in ``folder``, memory-mapped; BadArtifact unless its three files belong together.

    Of the answers only the size is looked at: that every byte is the one that was written, the bundle's hashes say.
    """
    ids, offsets = _mapped(folder / IDS), _mapped(folder / OFFSETS)
    size = _size(folder / ANSWERS)
    if ids.ndim != 1 or ids.dtype.kind != "S" or not ids.dtype.itemsize:
        raise _damaged(f"{IDS} is {ids.dtype} {ids.shape}, needed one column of bytes")
    if offsets.dtype != OFFSET or offsets.shape != (len(ids) + 1,):
        raise _damaged(f"{OFFSETS} is {offsets.dtype} {offsets.shape}, needed {OFFSET} ({len(ids) + 1},)")
    if offsets[0] != 0 or int(offsets[-1]) != size:
        raise _damaged(f"{OFFSETS} spans bytes {offsets[0]} to {offsets[-1]} of {ANSWERS}, needed 0 to {size}")
    for name, values, strictly in ((IDS, ids, True), (OFFSETS, offsets, False)):
        if not _ascends(values, strictly=strictly):
            raise _damaged(f"{name} is not ascending")
    return AnswerStore(ids, memoryview(offsets.data), os.open(folder / ANSWERS, os.O_RDONLY | os.O_CLOEXEC))


def _ascends(values: NDArray[Any], strictly: bool) -> bool:
    above = np.greater if strictly else np.greater_equal
    starts = range(0, len(values) - 1, CHECKED)
    pieces = (values[start : start + CHECKED + 1] for start in starts)
    return all(bool(above(piece[1:], piece[:-1]).all()) for piece in pieces)


def _mapped(path: Path) -> NDArray[Any]:
    try:
        # As a plain array: the class memmap makes looking at one entry several times as slow.
        return np.asarray(np.lib.format.open_memmap(path, mode="r"))
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(f"{path.name} is missing or no array ({error})") from None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _damaged(f"{path.name} is missing ({error.strerror})") from None


def _damaged(found: str) -> BadArtifact:
    return BadArtifact(f"{found}: publish the bundle again")
