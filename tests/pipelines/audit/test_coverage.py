"""Coverage counts people rather than rows, hides small groups, and recommends only what is beyond chance."""

import json
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from features.windows import to_datetime
from pipelines.audit.coverage.encoding import categories, design
from pipelines.audit.coverage.gain import Gain, gain_of
from pipelines.audit.coverage.question import answers_of
from pipelines.ingest.canonical import ingest
from pipelines.workspace import Workspace

ORDERS = """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id, qty AS quantity,
    price AS unit_price, kind FROM lines"""
START = datetime(2024, 1, 1)


def coverage(write_shop, tmp_path, lines, **tables):
    source = write_shop("".join(lines), sql={"orders": ORDERS, **tables})
    folder = ingest(Workspace(tmp_path / "home"), source).folder
    return json.loads((folder / "coverage.json").read_text(encoding="utf-8"))


def line(n, customer, day, price=2):
    return f"A{n},{customer},{START + timedelta(days=day):%Y-%m-%d} 10:00,mug,1,{price},,sale\n"


def values(columns, rows):
    found = ", ".join("(" + ", ".join("NULL" if v is None else f"'{v}'" for v in row) + ")" for row in rows)
    return f"SELECT * FROM (VALUES {found}) AS given({columns})"


def twelve_and_two():
    """Twelve customers of France, who all have a city, and two of Malta, who have none."""
    rows = [(f"f{n}", "France", "Lyon") for n in range(12)] + [(f"m{n}", "Malta", None) for n in range(2)]
    return values(
        "customer_id, country, city", [*rows, ("x", "Italy", None), *((f"i{n}", "Italy", None) for n in range(9))]
    )


def test_shares_are_of_customers_and_small_groups_are_left_out(write_shop, tmp_path):
    found = coverage(
        write_shop, tmp_path, [line(1, "f0", 0), line(2, "m0", 5), line(3, "nobody", 9)], customers=twelve_and_two()
    )
    assert found["customers"] == 25
    assert found["tables"]["orders"]["have"] == 3 / 25
    assert found["tables"]["customers"]["have"] == 24 / 25
    assert found["columns"]["customers"]["city"]["have"] == 12 / 25
    assert found["columns"]["customers"]["city"]["lacking"]["country"] == [
        {"group": "Italy", "customers": 10, "missing": 1.0},
        {"group": "France", "customers": 12, "missing": 0.0},
    ]
    assert "Malta" not in json.dumps(found)
    assert found["not_given"]["touches"] == []
    assert "gender" in found["not_given"]["customers"]
    assert found["question"] is None


def test_the_features_of_fewer_customers_than_prove_anything_are_not_computed(write_shop, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.audit.coverage.coverage.answers_of", lambda *_: pytest.fail("computed"))
    few = [line(n, f"c{n}", n) for n in range(3)]
    assert coverage(write_shop, tmp_path, few, customers=twelve_and_two())["question"] is None


def test_a_customer_counts_once_under_all_ids(write_shop, tmp_path):
    found = coverage(
        write_shop, tmp_path, [line(1, "ann", 0), line(2, "ann-app", 5), line(3, "bob", 9)],
        identities=values("alias_id, customer_id", [("ann-app", "ann")]),
    )  # fmt: skip
    assert found["customers"] == 2
    assert (found["tables"]["orders"]["have"], found["tables"]["identities"]["have"]) == (1.0, 0.5)


def test_a_chain_of_ids_counts_for_the_customer_it_ends_at(write_shop, tmp_path):
    links = [("card", "app", "2024-01-02"), ("app", "ann", "2024-01-05")]
    found = coverage(
        write_shop, tmp_path, [line(1, "ann", 0), line(2, "card", 5), line(3, "app", 6), line(4, "bob", 9)],
        identities=values("alias_id, customer_id, known_at", links),
    )  # fmt: skip
    assert found["customers"] == 2
    assert (found["tables"]["orders"]["have"], found["tables"]["identities"]["have"]) == (1.0, 0.5)


def shop_of(customers_n, known_at="2024-01-01"):
    """Customers who bought once before the reference date; those with attr_keen = 'yes' bought again after it.

    attr_noise predicts nothing, gender as much as attr_keen, and a third of the customers has neither.
    """
    rng = np.random.default_rng(5)
    lines, profiles = [line("last", "c0", 200)], []
    for n in range(customers_n):
        keen = rng.random() < 0.5
        lines.append(line(n, f"c{n}", int(rng.integers(0, 150)), int(rng.integers(1, 50))))
        if rng.random() < (0.7 if keen else 0.2):
            lines.append(line(f"{n}b", f"c{n}", int(rng.integers(171, 199))))
        keenness = None if n % 3 == 0 else "yes" if keen else "no"
        profiles.append((f"c{n}", keenness, rng.choice(["a", "b", "c"]), keenness, known_at))
    return lines, values("customer_id, attr_keen, attr_noise, gender, known_at", profiles)


def test_what_predicts_who_buys_is_recommended_and_noise_and_protected_columns_are_not(write_shop, tmp_path):
    lines, customers = shop_of(900)
    found = coverage(write_shop, tmp_path, lines, customers=customers)
    first, second, last = found["attributes"]
    assert (first["column"], first["predictive"]) == ("attr_keen", True)
    assert first["missing"] == pytest.approx(1 / 3, abs=0.01)
    assert first["verdict"].startswith("ask for it")
    # 0.7 against 0.2: the entropy that knowing it takes off a mix of the two, in nats.
    entropy = [-p * np.log(p) - (1 - p) * np.log(1 - p) for p in (0.45, 0.7, 0.2)]
    assert first["gain"] == pytest.approx(entropy[0] - (entropy[1] + entropy[2]) / 2, abs=3 * first["standard_error"])
    assert (second["column"], second["predictive"]) == ("attr_noise", False)
    assert second["verdict"].startswith("its gain is not distinguishable from zero")
    assert last == {
        "column": "gender", "missing": first["missing"], "protected": True, "undated": False, "expected_gain": 0.0,
        "verdict": "protected: counted, never recommended for a model",
    }  # fmt: skip


def test_what_became_known_after_the_reference_date_is_not_used(write_shop, tmp_path):
    lines, customers = shop_of(400, known_at="2024-07-15")
    found = coverage(write_shop, tmp_path, lines, customers=customers)
    assert all("gain" not in attribute for attribute in found["attributes"])
    assert found["columns"]["customers"]["attr_noise"]["have"] == 1.0


def asked(values_of, n=600, seed=0):
    """Gain of an attribute drawn by ``values_of(rng, bought)`` where a third buys whatever their RFM."""
    rng = np.random.default_rng(seed)
    bought = (rng.random(n) < 1 / 3).astype(float)
    return gain_of(pd.Series(values_of(rng, bought)), rng.normal(size=(n, 3)), bought, 7, 20)


def test_noise_is_never_recommended():
    """Forty attributes that predict nothing, categories and numbers; each would pass once in four hundred times."""
    found = [asked(lambda rng, y: rng.choice(list("abcdefgh"), len(y)), seed=seed) for seed in range(20)]
    found += [asked(lambda rng, y: rng.normal(size=len(y)), seed=seed) for seed in range(20)]
    assert not any(gain.predictive for gain in found)
    # Fitted and judged on the same customers, noise would seem to help every time.
    assert sum(gain.gain > 0 for gain in found) < 10
    assert sum(gain.associated for gain in found) <= 6  # 5% each


def test_a_number_that_predicts_by_being_in_the_middle_is_recommended():
    found = asked(lambda rng, y: np.where(y == 1, rng.normal(0, 0.3, len(y)), rng.normal(0, 2, len(y))))
    assert isinstance(found, Gain)
    assert found.predictive


@pytest.mark.parametrize(
    ("values_of", "reason"),
    [
        (lambda _, y: [f"name {n}" for n in range(len(y))], "hardly two customers share a value"),
        (lambda _, y: ["same"] * len(y), "hardly two customers share a value"),
        (lambda _, y: ["x"] * 150 + [None] * (len(y) - 150), "too few customers"),
    ],
)
def test_an_attribute_that_cannot_be_judged_says_why(values_of, reason):
    assert reason in asked(values_of)


def test_lists_become_a_column_an_entry_and_rare_entries_none():
    texts = pd.Series(["a;b"] * 20 + ["b"] * 20 + ["c;a"] * 5 + ["a"] * 15)
    columns = design(texts)
    assert columns.sum(axis=0).tolist() == [40, 40]


def test_rare_categories_count_as_one():
    assert len(set(categories(pd.Series([f"c{n % 30:02d}" for n in range(300)])))) == 11


def test_customers_are_judged_by_what_was_known_at_the_reference_date(write_shop, tmp_path):
    """Recency, frequency and spend by hand: neither a later correction nor a link known later changes them."""
    rows = [
        ("A1", "ann", "2024-01-01", "2", "10", "sale", None),
        ("A2", "ann", "2024-03-01", "1", "30", "sale", None),
        ("A2", "ann", "2024-03-01", "1", "99", "sale", "2024-06-20"),  # corrected after the reference date
        ("B1", "bob", "2024-05-01", "1", "7", "sale", None),
        ("B2", "bob", "2024-05-20", "1", "5", "sale", None),
        ("C1", "bob-app", "2024-02-01", "1", "50", "sale", None),  # linked after the reference date
        ("Z9", "zoe", "2024-06-10 12:00", "1", "1", "sale", None),
    ]
    names = 'order_id, customer_id, "at", quantity, unit_price, kind, known_at'
    source = write_shop(
        sql={
            "orders": values(names, rows),
            "customers": values("customer_id, city", [("ann", "Bath"), ("bob", "Wells")]),
            "identities": values("alias_id, customer_id, known_at", [("bob-app", "bob", "2024-06-01")]),
        },
        corrections={"orders": ["order_id"]},
    )
    folder = ingest(Workspace(tmp_path / "home"), source).folder
    found = answers_of(folder, ["ann", "bob", "bob-app", "zoe"], ["city"])
    assert found is not None
    assert to_datetime(found.as_of) == datetime(2024, 5, 11)
    assert found.attributes["city"].fillna("").tolist() == ["Bath", "Wells", ""]
    by_hand = [(71, 2, 50), (10, 1, 7), (100, 1, 50)]
    np.testing.assert_allclose(found.rfm, np.log1p(np.array(by_hand, dtype=float)))
    assert found.bought.tolist() == [0.0, 1.0, 0.0]


def test_an_attribute_without_a_date_is_warned_of_instead_of_praised(write_shop, tmp_path):
    lines, customers = shop_of(900)
    undated = customers.replace(", known_at", ", unknown")  # the same profiles, without their date
    found = coverage(write_shop, tmp_path, lines, customers=f"SELECT * EXCLUDE unknown FROM ({undated.rstrip(';')})")
    keen = next(each for each in found["attributes"] if each["column"] == "attr_keen")
    assert keen["undated"]
    assert keen["verdict"].startswith("without a date, so no prediction reads it")
