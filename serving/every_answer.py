"""Every customer's answer, computed in parts: the folder ``answers/`` of a bundle.

Beside the answer store lies ``scores.parquet``, the same answers as a table, written in the same pass. Both are in
order of id, so the bytes do not depend on the parts. Of all customers only the ids are ever in memory.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.errors import BadInput
from models.artifact import Loaded
from serving.answer_store import AnswerStore, encoded, write_answers
from serving.answers import Answered, answer

SCORES = "scores.parquet"
GROUP_ROWS = 50_000
"""Customers that are written at a time, and the rows of a row group in ``scores.parquet``."""
JSON = "json"
"""Column that holds a customer's answer as it is sent, while a part waits to be sorted."""


def write_every_answer(
    folder: Path, models: Mapping[str, Loaded], parts: Iterable[pd.DataFrame], as_of: float
) -> NDArray[np.bytes_]:
    """Answer about all customers, write ``folder``, and return their ids, sorted.

    ``parts`` are frames [customer_id, *features], each customer in one of them, in any order.
    """
    unsorted = folder / "unsorted"
    unsorted.mkdir(parents=True)
    files, ids = [], []
    for number, features in enumerate(parts):
        answered = answer(models, features)
        ids.append(encoded(answered.customer_ids))
        files.append(_store(unsorted / f"{number:06d}.arrow", answered, as_of))
    if not files:
        raise BadInput("the snapshot has no parts: compute it again")
    known = np.concatenate(ids)
    order = np.argsort(known, kind="stable")
    write_sorted(folder, known[order], _gathered(files, order))
    shutil.rmtree(unsorted)
    return known[order]


def write_sorted(folder: Path, ids: NDArray[np.bytes_], tables: Iterator[pa.Table]) -> None:
    """Write the store and ``scores.parquet`` from tables in the order of ``ids``; the first may be empty."""
    folder.mkdir(parents=True, exist_ok=True)
    write_answers(folder, ids, _answers_saving_scores(folder / SCORES, tables))


def tables_without(folder: Path, store: AnswerStore, places: NDArray[np.intp]) -> Iterator[pa.Table]:
    """The answers in ``folder`` as :func:`write_sorted` takes them, but those at ``places``."""
    with pq.ParquetFile(folder / SCORES) as file:
        yield _with_json(file.schema_arrow.empty_table(), [])
        start = 0
        for batch in file.iter_batches(GROUP_ROWS):
            here = np.arange(start, start + batch.num_rows)
            table = _with_json(pa.Table.from_batches([batch]), [store.at(place) for place in here])
            yield table.take(np.flatnonzero(~np.isin(here, places)))
            start += batch.num_rows


def _store(path: Path, answered: Answered, as_of: float) -> Path:
    """A part's answers as an Arrow file, from which rows can be taken without reading it."""
    table = pa.Table.from_pandas(answered.table(), preserve_index=False).replace_schema_metadata(None)
    table = _with_json(table, answered.as_json(as_of))
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)
    return path


def _with_json(table: pa.Table, answers: Sequence[bytes]) -> pa.Table:
    return table.append_column(JSON, pa.array(answers, pa.large_binary()))


def _gathered(files: Sequence[Path], order: NDArray[np.intp]) -> Iterator[pa.Table]:
    """The rows of all ``files``, counted on from one to the next, in this ``order``."""
    starts = np.cumsum([0, *(_mapped(path).num_rows for path in files)])
    yield _mapped(files[0]).slice(0, 0)
    for begin in range(0, len(order), GROUP_ROWS):
        wanted = order[begin : begin + GROUP_ROWS]
        part = np.searchsorted(starts, wanted, side="right") - 1
        # Each file is mapped anew, because what was read of a file counts as memory as long as it is mapped.
        pieces = [_mapped(files[number]).take(wanted[part == number] - starts[number]) for number in np.unique(part)]
        yield pa.concat_tables(pieces).take(np.argsort(np.argsort(part, kind="stable")))


def _mapped(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _answers_saving_scores(path: Path, tables: Iterator[pa.Table]) -> Iterator[list[bytes]]:
    """The answers in ``tables``, group by group, while their other columns are written to ``path``."""
    first = next(tables)
    with pq.ParquetWriter(path, first.drop_columns(JSON).schema, compression="zstd") as writer:
        for group in _groups(chain([first], tables)):
            writer.write_table(group.drop_columns(JSON))
            answers: list[Any] = group[JSON].to_pylist()
            yield answers


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of ``GROUP_ROWS`` but the last, each in one piece, so that equal rows are equal bytes."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(each.num_rows for each in waiting) >= GROUP_ROWS:
            whole = pa.concat_tables(waiting)
            ends = range(GROUP_ROWS, whole.num_rows + 1, GROUP_ROWS)
            yield from (whole.slice(end - GROUP_ROWS, GROUP_ROWS).combine_chunks() for end in ends)
            waiting = [whole.slice(ends[-1])]
    if sum(each.num_rows for each in waiting):
        yield pa.concat_tables(waiting).combine_chunks()
