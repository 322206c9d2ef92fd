"""The answer store: it finds every stored customer and no other, byte for byte; what is damaged is refused."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import BadArtifact, BadInput
from serving.answer_store import ANSWERS, IDS, OFFSETS, AnswerStore, encoded, read_answers, write_answers

customer_ids = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


def stored(folder: Path, answers: dict[str, bytes], part_rows: int = 100) -> AnswerStore:
    ordered = sorted(answers, key=str.encode)
    starts = range(0, len(ordered), part_rows)
    parts = [[answers[name] for name in ordered[start : start + part_rows]] for start in starts]
    write_answers(folder, encoded(ordered), parts)
    return read_answers(folder)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(customer_ids, st.binary(max_size=9), max_size=20),
    st.lists(st.text(max_size=14), max_size=20),
    st.integers(1, 9),
)
def test_it_finds_what_a_dict_finds(
    tmp_path_factory: pytest.TempPathFactory, answers: dict[str, bytes], others: list[str], part_rows: int
) -> None:
    store = stored(tmp_path_factory.mktemp("store"), answers, part_rows)
    assert len(store) == len(answers)
    for name in [*answers, *others]:
        assert store.find(name) == answers.get(name)
    asked = {*others, *list(answers)[::2]}
    assert [store.ids[place].decode() for place in store.stored_among(asked)] == sorted(
        asked & set(answers), key=str.encode
    )


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(customer_ids, st.binary(max_size=9), min_size=1, max_size=20), st.integers(1, 9))
def test_parts_do_not_change_the_bytes(
    tmp_path_factory: pytest.TempPathFactory, answers: dict[str, bytes], part_rows: int
) -> None:
    folder, other = tmp_path_factory.mktemp("store"), tmp_path_factory.mktemp("store")
    stored(folder, answers, part_rows)
    stored(other, answers)
    for name in (IDS, OFFSETS, ANSWERS):
        assert (folder / name).read_bytes() == (other / name).read_bytes()


def test_ids_that_are_longer_or_contain_nul_are_unknown(tmp_path: Path) -> None:
    store = stored(tmp_path, {"": b"nobody", "a": b"one", "é": b"two"})
    for name in ("longer than all", "a\0", "\0", "\0a", "b", "\ud800"):
        assert store.find(name) is None
    assert [store.find(name) for name in ("", "a", "é")] == [b"nobody", b"one", b"two"]


def test_an_empty_store_knows_nobody(tmp_path: Path) -> None:
    store = stored(tmp_path, {})
    assert len(store) == 0
    assert store.find("a") is None
    assert store.find("") is None


def test_what_cannot_be_looked_up_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="NUL"):
        encoded(["a\0"])
    with pytest.raises(BadInput, match="1 answers are of a customer who has one already"):
        write_answers(tmp_path, encoded(["a", "b", "b"]), [[b"1", b"2", b"3"]])
    with pytest.raises(BadInput, match="not sorted by their UTF-8 bytes"):
        write_answers(tmp_path, encoded(["b", "a"]), [[b"1", b"2"]])
    with pytest.raises(BadInput, match="1 answers are of 2 customers"):
        write_answers(tmp_path, encoded(["a", "b"]), [[b"1"]])


DAMAGES = {
    "ids not sorted": (IDS, np.array([b"b", b"a", b"c"]), "ids.npy is not ascending"),
    "an id twice": (IDS, np.array([b"a", b"a", b"c"]), "ids.npy is not ascending"),
    "an id less": (IDS, np.array([b"a", b"b"]), r"needed uint64 \(3,\)"),
    "ids of another type": (IDS, np.array(["a", "b", "c"]), "needed one column of bytes"),
    "ids in a table": (IDS, np.array([[b"a"], [b"b"], [b"c"]]), "needed one column of bytes"),
    "pickled ids": (IDS, np.array([b"a", b"b", {}], dtype=object), "(?i)python objects"),
    "offsets not ascending": (OFFSETS, np.array([0, 5, 2, 9], "u8"), "offsets.npy is not ascending"),
    "offsets beyond the file": (OFFSETS, np.array([0, 3, 6, 10], "u8"), "0 to 10 of answers.bin, needed 0 to 9"),
    "offsets that leave bytes out": (OFFSETS, np.array([1, 3, 6, 9], "u8"), "1 to 9 of answers.bin"),
    "signed offsets": (OFFSETS, np.array([0, 3, 6, 9], "i8"), "needed uint64"),
    "offsets in the other byte order": (OFFSETS, np.array([0, 3, 6, 9], ">u8"), "needed uint64"),
    "an offset less": (OFFSETS, np.array([0, 3, 9], "u8"), r"needed uint64 \(4,\)"),
}


@pytest.mark.parametrize(("name", "values", "sentence"), DAMAGES.values(), ids=DAMAGES)
def test_files_that_do_not_belong_together_are_refused(
    tmp_path: Path, name: str, values: np.ndarray, sentence: str
) -> None:
    stored(tmp_path, {"a": b"one", "b": b"two", "c": b"six"})
    np.save(tmp_path / name, values, allow_pickle=True)
    with pytest.raises(BadArtifact, match=f"{sentence}.*publish the bundle again"):
        read_answers(tmp_path)


@pytest.mark.parametrize("name", [IDS, OFFSETS, ANSWERS])
def test_a_file_that_is_missing_or_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    stored(tmp_path, {"a": b"one", "b": b"two"})
    written = (tmp_path / name).read_bytes()
    for left in (b"", written[:3], written[:-1]):
        (tmp_path / name).write_bytes(left)
        with pytest.raises(BadArtifact, match="publish the bundle again"):
            read_answers(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(BadArtifact, match=f"{name} is missing"):
        read_answers(tmp_path)


def test_a_disorder_anywhere_in_a_long_store_is_refused(tmp_path: Path) -> None:
    n = 200_000
    ids = np.char.add(b"c", np.arange(1_000_000, 1_000_000 + n).astype(np.bytes_))
    write_answers(tmp_path, ids, [[b"{}"] * n])
    assert read_answers(tmp_path).find("c1199999") == b"{}"
    for place in (1, 65_535, 65_536, 65_537, n - 1):
        ids[[place - 1, place]] = ids[[place, place - 1]]
        np.save(tmp_path / IDS, ids)
        with pytest.raises(BadArtifact, match="not ascending"):
            read_answers(tmp_path)
        ids[[place - 1, place]] = ids[[place, place - 1]]


def test_memory_does_not_grow_with_the_customers(tmp_path: Path) -> None:
    def needed(n: int) -> int:
        folder = tmp_path / str(n)
        ids = np.char.add(b"c", np.arange(1_000_000, 1_000_000 + n).astype(np.bytes_))
        write_answers(folder, ids, [[json.dumps({"customer_id": name.decode()}).encode() for name in ids]])
        tracemalloc.start()
        store = read_answers(folder)
        assert store.find("c1000001") == b'{"customer_id": "c1000001"}'
        assert store.find("a much longer id than any that is stored") is None
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert needed(100_000) <= needed(70_000) + 50_000
