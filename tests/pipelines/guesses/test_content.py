"""What a column is taken for, though some of its values are dirt."""

import pytest

from pipelines.guesses.content import Content, content_of
from pipelines.guesses.look import RawColumn
from pipelines.guesses.mapping import BY_NAME, Match, fills

MOSTLY = 95
"""Of a hundred values."""


@pytest.mark.parametrize(
    ("value", "dirt", "seen"),
    [
        ("12.50", "n/a", lambda found: found.numbers == "plain"),
        ("1.234,50", "n/a", lambda found: found.numbers == "comma"),
        ("2024-05-06 10:00", "unknown", lambda found: found.times == ("iso",)),
        ("24/05/2024", "unknown", lambda found: found.times == ("%d/%m/%Y",)),
        ("10:15", "noon", lambda found: found.clock),
    ],
)
def test_a_few_odd_values_are_dirt_and_more_of_them_another_column(value, dirt, seen):
    assert seen(content_of([value] * MOSTLY + [dirt] * (100 - MOSTLY), "VARCHAR"))
    assert not seen(content_of([value] * (MOSTLY - 1) + [dirt] * (101 - MOSTLY), "VARCHAR"))


def id_column(distinct: float) -> Match:
    content = Content(100, distinct, None, None, whole=False, negative=False, times=(), clock=False, levels=())
    return Match(RawColumn("id", "VARCHAR", content), BY_NAME, 100)


@pytest.mark.parametrize("table", ["customers", "products"])
def test_a_register_has_one_row_for_each_of_its_ids(table):
    about = {f"{table[:-1]}_id": id_column(0.95), "country": id_column(0.1)}
    assert fills(table, about)
    assert not fills(table, {**about, f"{table[:-1]}_id": id_column(0.94)})
