"""Migration counted by hand: behaviour and the model are told apart, and everybody is counted once."""

import polars as pl

from models.segments.migration import flows, in_order, sizes, steps, totals

CUSTOMERS = pl.DataFrame(
    [
        ("s1", "s1", "s1", True, 10.0),
        ("s1", "s1", "s1", False, 30.0),
        ("s1", "s2", "s2", False, 5.0),  # moved by what they did
        ("s2", "s2", "s1", True, 7.0),  # by the model
        ("s2", "s1", "s2", True, 1.0),  # there and back: by both, and where they were
        ("", "s2", "s2", False, 2.0),  # new
    ],
    schema=["from", "by_behaviour", "to", "idle", "spend"],
    orient="row",
)


def test_flows_are_the_table_made_by_hand() -> None:
    found = flows(CUSTOMERS)
    assert found.columns == ["from", "by_behaviour", "to", "customers", "idle", "spend"]
    assert found.rows()[0] == ("s1", "s1", "s1", 2, 1, 40.0)
    assert set(found.rows()[1:]) == {
        ("", "s2", "s2", 1, 0, 2.0),
        ("s1", "s2", "s2", 1, 0, 5.0),
        ("s2", "s1", "s2", 1, 1, 1.0),
        ("s2", "s2", "s1", 1, 1, 7.0),
    }


def test_totals_add_up_to_everybody() -> None:
    found = totals(flows(CUSTOMERS))
    assert (found.customers, found.new, found.stayed) == (6, 1, 3)
    assert (found.moved_by_behaviour, found.moved_by_model) == (2, 2)
    assert (found.idle, found.idle_movers) == (3, 1)


def test_one_model_moves_nobody_and_one_date_makes_nobody_behave() -> None:
    one_model = totals(flows(CUSTOMERS.with_columns(to="by_behaviour")))
    assert one_model.moved_by_model == 0
    assert one_model.stayed + one_model.moved_by_behaviour + one_model.new == one_model.customers
    one_date = totals(flows(CUSTOMERS.filter(pl.col("from") != "").with_columns(by_behaviour="from")))
    assert (one_date.moved_by_behaviour, one_date.idle_movers) == (0, 0)


def test_purchases_that_are_not_known_are_not_counted() -> None:
    unknown = CUSTOMERS.with_columns(idle=pl.lit(None, pl.Boolean), spend=pl.lit(None, pl.Float64))
    found = flows(unknown)
    assert found["spend"].is_null().all()
    assert totals(found).idle is None


def test_bars_are_the_sums_of_their_ribbons() -> None:
    found = flows(CUSTOMERS)
    for left, right in (("from", "by_behaviour"), ("by_behaviour", "to")):
        moved = steps(found, left, right)
        for column, place in ((left, 0), (right, 1)):
            for segment, n in sizes(found, column).items():
                assert n == sum(count for pair, count in moved.items() if pair[place] == segment)
    assert in_order(["s2", "sX", "", "s1"], {"s1": "One", "s2": "Two"}) == ["", "s1", "s2", "sX"]
