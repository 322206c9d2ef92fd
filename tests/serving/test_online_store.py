"""The online store: it finds every stored customer and no other, and returns the same bits."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import BadArtifact, BadInput
from serving.online_store import lookup, read_store, write_store

customer_ids = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
numbers = st.floats(width=64)


def stored(folder: Path, rows: dict[str, float]) -> pd.DataFrame:
    frame = pd.DataFrame({"customer_id": list(rows), "x": list(rows.values())})
    write_store(folder, frame)
    return frame


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(customer_ids, numbers, min_size=1, max_size=20), st.lists(customer_ids, max_size=20))
def test_lookup_agrees_with_a_dict_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, float], others: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("store")
    stored(folder, rows)
    asked = [*others, *rows, *others]
    frame, found = lookup(read_store(folder, ["x"]), asked)
    assert found.tolist() == [name in rows for name in asked]
    assert frame["customer_id"].tolist() == [name for name in asked if name in rows]
    expected = np.array([rows[name] for name in asked if name in rows])
    assert frame["x"].to_numpy().tobytes() == expected.tobytes()


def test_an_id_longer_than_any_stored_is_unknown_even_beside_an_empty_one(tmp_path: Path) -> None:
    stored(tmp_path, {"": 1.0, "a": 2.0})
    assert lookup(read_store(tmp_path, ["x"]), ["longer than all", "", "a"])[1].tolist() == [False, True, True]


def test_an_empty_store_knows_nobody(tmp_path: Path) -> None:
    write_store(tmp_path, pd.DataFrame({"customer_id": pd.Series([], dtype=str), "x": pd.Series([], dtype=float)}))
    frame, found = lookup(read_store(tmp_path, ["x"]), ["a", "b"])
    assert frame.empty
    assert not found.any()


def test_two_rows_of_one_customer_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="1 rows of features are of a customer who has one already"):
        write_store(tmp_path, pd.DataFrame({"customer_id": ["b", "a", "b"], "x": [1.0, 2.0, 3.0]}))


def test_an_id_with_a_nul_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="NUL"):
        stored(tmp_path, {"a\0": 1.0})


def test_arrays_of_another_shape_are_refused(tmp_path: Path) -> None:
    stored(tmp_path, {"a": 1.0})
    with pytest.raises(BadArtifact, match="needed float64 with 2 columns"):
        read_store(tmp_path, ["x", "y"])


def test_a_pickled_array_is_never_loaded(tmp_path: Path) -> None:
    stored(tmp_path, {"a": 1.0})
    np.save(tmp_path / "features.npy", np.array([{"code": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(BadArtifact, match=r"(?i)object arrays|python objects"):
        read_store(tmp_path, ["x"])
