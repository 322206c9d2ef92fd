"""Links are judged in the order they became known; linked ids get one profile, and nothing known before changes."""

from datetime import datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.ingest.canonical import ingest
from pipelines.ingest.customer_versions import carry_forward, merge_linked
from pipelines.ingest.identities import flatten_links, reject_links
from pipelines.workspace import Workspace


def day(n):
    return None if n is None else datetime(2024, 1, 1) + timedelta(days=n)


def oldest(n):
    return -1 if n is None else n


def judged(links):
    """Kept links {(alias, day): customer} and reasons of [(alias, customer, day)], by DuckDB."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA staged; CREATE SCHEMA clean")
        con.execute(
            """CREATE TABLE staged.identities (alias_id VARCHAR, customer_id VARCHAR, known_at TIMESTAMP,
                fingerprint BIGINT, reason VARCHAR)"""
        )
        for alias, customer, known in links:
            print_ = hash((alias, customer, known)) % 2**60
            reason = "self_link" if alias == customer else None
            con.execute(
                "INSERT INTO staged.identities VALUES (?, ?, ?, ?, ?)", [alias, customer, day(known), print_, reason]
            )
        reject_links(con)
        con.execute(
            """CREATE TABLE clean.identities AS SELECT DISTINCT alias_id, customer_id, known_at
            FROM staged.identities WHERE reason IS NULL"""
        )
        flatten_links(con)
        rows = con.execute("FROM clean.identities").fetchall()
        kept = {(alias, known): customer for alias, customer, known in rows}
        assert len(kept) == len(rows)
        reasons = con.execute("SELECT reason, count(*) FROM staged.identities GROUP BY reason").fetchall()
        return kept, dict(reasons)


def judged_slowly(links):
    """The same, link by link as they became known: first whose an alias is, then whether that closes a ring."""
    first, kept, reasons = {}, {}, {}
    for alias, customer, known in sorted(links, key=lambda link: (oldest(link[2]), link[1])):
        if alias != customer:
            first.setdefault(alias, (customer, known))
    for alias, (customer, known) in sorted(first.items(), key=lambda item: (oldest(item[1][1]), item[0])):
        here = customer
        while here in kept:
            here = kept[here][0]
        if here != alias:
            kept[alias] = (customer, known)
    for alias, customer, known in links:
        reason = None if kept.get(alias) == (customer, known) else "cycle"
        if alias == customer:
            reason = "self_link"
        elif first[alias] != (customer, known):
            reason = "duplicate_key" if first[alias][0] == customer else "two_customers"
        reasons[reason] = reasons.get(reason, 0) + 1
    return {alias: (customer, oldest(known)) for alias, (customer, known) in kept.items()}, reasons


def whose_at(links, id_, moment):
    """Along {alias: (customer, day)}, as far as it is known at ``moment``."""
    while id_ in links and links[id_][1] <= moment:
        id_ = links[id_][0]
    return id_


def whose_by_rows(kept, id_, moment):
    """The newest row of the id that is known at ``moment``."""
    rows = [(known, customer) for (alias, known), customer in kept.items() if alias == id_]
    known = [row for row in rows if row[0] is None or row[0] <= day(moment)]
    return max(known, key=lambda row: row[0] or datetime.min)[1] if known else id_


IDS = st.sampled_from("abcdef")
LINKS = st.lists(st.tuples(IDS, IDS, st.sampled_from([None, 1, 2, 3, 4])), max_size=9)
few = settings(max_examples=30, deadline=None)


@few
@given(LINKS)
def test_links_end_as_if_judged_one_by_one(links):
    kept, reasons = judged(links)
    expected, why = judged_slowly(links)
    assert reasons == why
    for moment in range(-1, 6):
        ends = {id_: whose_by_rows(kept, id_, moment) for id_ in "abcdef"}
        assert ends == {id_: whose_at(expected, id_, moment) for id_ in "abcdef"}


@few
@given(LINKS)
def test_what_links_say_of_a_moment_stays_whatever_comes_later(links):
    whole = judged(links)[0]
    for moment in {oldest(known) for *_, known in links}:
        before = judged([link for link in links if oldest(link[2]) <= moment])[0]
        assert before == {key: customer for key, customer in whole.items() if key[1] is None or key[1] <= day(moment)}


@pytest.mark.parametrize(
    ("links", "kept", "reasons"),
    [
        ([("a", "a", 1)], {}, {"self_link": 1}),
        (
            [("a", "b", 1), ("b", "c", 5)],
            {("a", day(1)): "b", ("a", day(5)): "c", ("b", day(5)): "c"},
            {None: 2},
        ),
        ([("a", "b", 5), ("b", "c", None)], {("a", day(5)): "c", ("b", None): "c"}, {None: 2}),
        ([("a", "b", 2), ("a", "c", 1)], {("a", day(1)): "c"}, {None: 1, "two_customers": 1}),
        (
            [("a", "b", 1), ("b", "c", 2), ("c", "a", 3)],
            {("a", day(1)): "b", ("a", day(2)): "c", ("b", day(2)): "c"},
            {None: 2, "cycle": 1},
        ),
        ([("a", "b", 1), ("a", "b", 1)], {("a", day(1)): "b"}, {None: 2}),
    ],
)
def test_links_by_hand(links, kept, reasons):
    assert judged(links) == (kept, reasons)


def test_a_long_chain_is_flattened():
    links = [(f"{n:03d}", f"{n + 1:03d}", n) for n in range(100)]
    kept, reasons = judged(links)
    assert reasons == {None: 100}
    assert {whose_by_rows(kept, f"{n:03d}", 99) for n in range(100)} == {"100"}
    assert len(kept) == 100 * 101 / 2


def profiles_after(links, versions, rule):
    """Versions of profiles after merging and filling: {(id, day): (city, plan)}, repairs, conflicts; by DuckDB."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA clean")
        con.execute("CREATE TABLE clean.identities (alias_id VARCHAR, customer_id VARCHAR, known_at TIMESTAMP)")
        con.execute(
            "CREATE TABLE clean.customers (customer_id VARCHAR, city VARCHAR, plan VARCHAR, known_at TIMESTAMP)"
        )
        for alias, customer, known in links:
            con.execute("INSERT INTO clean.identities VALUES (?, ?, ?)", [alias, customer, day(known)])
        for (id_, known), (city, plan) in versions.items():
            con.execute("INSERT INTO clean.customers VALUES (?, ?, ?, ?)", [id_, city, plan, day(known)])
        columns = ["customer_id", "city", "plan", "known_at"]
        repairs, conflicts = merge_linked(con, columns, rule)
        repairs |= carry_forward(con, columns)
        found = con.execute("SELECT customer_id, known_at, city, plan FROM clean.customers").fetchall()
        return {(id_, known): (city, plan) for id_, known, city, plan in found}, repairs, conflicts


def seen_slowly(links, versions, rule, id_, moment):
    """What was known of ``id_`` at ``moment``, said by itself and by every id linked to it by then."""
    own = [alias for alias, customer, known in links if customer == id_ and oldest(known) <= moment]
    said = [
        (oldest(known), who == id_, who, values)
        for (who, known), values in versions.items()
        if who in [id_, *own] and oldest(known) <= moment
    ]
    if not said:
        return None
    best = (lambda row: (row[1], row[0], row[2])) if rule == "main" and own else (lambda row: row[:3])
    values = []
    for column in range(2):
        given = [row for row in said if row[3][column] is not None]
        values.append(max(given, key=best)[3][column] if given else None)
    return tuple(values)


@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["x", "y", "z"]), st.tuples(st.sampled_from("ab"), st.sampled_from([None, 2, 5]))),
    st.dictionaries(
        st.tuples(st.sampled_from("abxyz"), st.sampled_from([None, 1, 2, 3, 6])),
        st.tuples(st.sampled_from([None, "Bath", "York"]), st.sampled_from([None, "tea"])),
        max_size=8,
    ),
    st.sampled_from(["newest", "main"]),
)
def test_a_profile_says_at_every_moment_what_was_known_of_the_linked_ids(aliases, versions, rule):
    links = [(alias, customer, known) for alias, (customer, known) in aliases.items()]
    found, _, _ = profiles_after(links, versions, rule)
    for id_ in "abxyz":
        for moment in range(-1, 8):
            known = [
                (at, values) for (who, at), values in found.items() if who == id_ and (at is None or at <= day(moment))
            ]
            newest = max(known, key=lambda version: version[0] or datetime.min)[1] if known else None
            expected = seen_slowly(links, versions, rule, id_, moment)
            assert newest == expected, (id_, moment)


def test_conflicts_are_counted_by_column_and_settled_by_the_declared_rule():
    links = [("card", "ann", 5), ("mail", "ann", 6)]
    versions = {("ann", 1): ("Bath", None), ("card", 2): ("York", "tea"), ("mail", 3): ("York", "tea")}
    newest, repairs, conflicts = profiles_after(links, versions, "newest")
    assert (newest[("ann", day(5))], conflicts) == (("York", "tea"), {"city": 1})
    assert newest[("ann", day(1))] == ("Bath", None)
    assert newest[("card", day(2))] == ("York", "tea")
    assert (repairs["merged_version_added"], repairs["unchanged_version_dropped"]) == (2, 1)
    main, _, _ = profiles_after(links, versions, "main")
    assert main[("ann", day(5))] == ("Bath", "tea")


def test_a_conflict_in_a_chain_is_one_customers() -> None:
    links = [("card", "ann", 2), ("card", "boss", 5), ("ann", "boss", 5)]
    versions = {("card", 1): ("York", None), ("ann", 1): ("Bath", None), ("boss", 1): ("Bath", None)}
    assert profiles_after(links, versions, "newest")[2] == {"city": 1}


IDENTITIES = {
    "orders": "SELECT 'A' AS order_id, 'ann' AS customer_id, '2024-01-05' AS \"at\", 1 AS quantity, 2 AS unit_price, "
    "'sale' AS kind FROM lines",
    "identities": """SELECT * FROM (VALUES (' card ', 'ann', '2024-01-03'), ('card', 'bob', '2024-01-04'),
        ('ann', 'ann', NULL), ('', 'bob', NULL)) AS given(alias_id, customer_id, known_at)""",
    "customers": """SELECT * FROM (VALUES ('ann', 'Bath', NULL, NULL), ('ann', NULL, '1980', '2024-01-02'),
        ('ann', NULL, NULL, '2024-01-02'), ('card', 'York', '1980', '2024-01-01')) AS given(customer_id, city,
        birth_year, known_at)""",
}


@pytest.mark.usefixtures("unaudited")
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize(("rule", "city"), [("newest", "York"), ("main", None)])
def test_linked_ids_go_through_an_ingest(write_shop, tmp_path, hidden, rule, city):
    source = write_shop(sql=IDENTITIES, profiles={"conflicts": rule})
    result = ingest(Workspace(tmp_path / "home"), source, pseudonymise=hidden)
    assert result.rejects["identities"] == {"missing_alias_id": 1, "self_link": 1, "two_customers": 1}
    assert result.repairs["identities"] == {"tidied_alias_id": 1}
    assert (result.rejects["customers"], result.conflicts) == ({"duplicate_key": 1}, {"city": 1})
    assert result.repairs["customers"]["filled_from_earlier_version"] == 1
    found = duckdb.sql(f"""SELECT customer_id, city, birth_year, known_at FROM '{result.folder / "customers.parquet"}'
        ORDER BY known_at NULLS FIRST""").fetchall()
    versions = [("Bath", None, None), ("York", 1980, day(0)), ("Bath", 1980, day(1))]
    # By the main id's own word, nothing new is known of it when the card is linked.
    assert [row[1:] for row in found] == versions + [(city, 1980, day(2))] * (city is not None)
    ids = [row[0] for row in found]
    assert len(set(ids)) == 2
    assert [id_ == ids[1] for id_ in ids] == [False, True, False, False][: len(ids)]
    links = duckdb.sql(f"FROM '{result.folder / 'identities.parquet'}'").fetchall()
    assert links == [(ids[1], ids[0], day(2))]


def test_no_link_need_be_left(write_shop, tmp_path):
    sql = IDENTITIES | {"identities": IDENTITIES["identities"] + " WHERE customer_id IS NULL"}
    assert ingest(Workspace(tmp_path / "home"), write_shop(sql=sql)).counts["identities"] == 0
