"""JSON from columns is what ``json.dumps`` writes of each row, and floats read back to the same bits."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.json_columns import Written, json_texts

texts = st.text(max_size=6)
floats = st.floats(allow_nan=False, allow_infinity=False)
constants = st.one_of(st.none(), st.booleans(), st.integers(), floats, texts)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """Fields two levels deep, with columns of every kind, and the number of rows."""
    n = draw(st.integers(0, 4))

    def column(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
        return st.lists(values, min_size=n, max_size=n)

    field = st.one_of(constants, column(constants), column(floats).map(lambda values: np.array(values, dtype=float)))
    return draw(st.dictionaries(texts, st.one_of(field, st.dictionaries(texts, field, max_size=4)), max_size=4)), n


def row(fields: dict[str, Any], i: int) -> dict[str, Any]:
    """The oracle: one row as a dict."""
    nested = {key: row(field, i) for key, field in fields.items() if isinstance(field, dict)}
    columns = {key: list(field)[i] for key, field in fields.items() if isinstance(field, list | np.ndarray)}
    return {key: (nested | columns).get(key, fields[key]) for key in fields if key not in nested} | nested


@given(tables())
def test_each_text_is_what_json_writes_of_the_row(table: tuple[dict[str, Any], int]) -> None:
    fields, n = table
    found = json_texts(fields, n)
    assert len(found) == n
    for i, text in enumerate(found):
        expected = row(fields, i)
        assert text == json.dumps({key: expected[key] for key in fields})


@pytest.mark.parametrize(
    "value", [5e-324, -0.0, 1e16, 1e-7, 1.7976931348623157e308, 0.1 + 0.2, 1e22, 123456789012345680.0]
)
def test_a_float_reads_back_to_the_same_bits(value: float) -> None:
    (text,) = json_texts({"x": np.array([value])}, 1)
    assert np.float64(json.loads(text)["x"]).tobytes() == np.float64(value).tobytes()
    assert text == json.dumps({"x": value})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_json_cannot_express_is_refused(value: float) -> None:
    for field in ([0.5, value], np.array([0.5, value]), value, {"y": value}, [[value]]):
        with pytest.raises(ValueError, match=r"JSON"):
            json_texts({"x": field}, 1)


def test_what_is_written_already_is_taken_as_it_is() -> None:
    assert json_texts({"a%": Written(['{"b": "%s"}'])}, 1) == ['{"a%": {"b": "%s"}}']
