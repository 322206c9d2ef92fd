"""Several deliveries give what one ingest of all files gives, and none changes what was known before it came."""

import contextlib
import json
import shutil
from datetime import datetime, timedelta

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from features.engines import open_tables, to_pandas
from features.errors import BadArtifact
from features.snapshot import snapshot
from features.windows import history, to_days
from pipelines.ingest.canonical import ingest
from pipelines.ingest.result import read_result
from pipelines.sources import load_source
from pipelines.steps.erase import erase
from pipelines.steps.ingest import ingest_step
from pipelines.workspace import Workspace
from tests.pipelines.ingest.kills import Killed, kill_at

pytestmark = pytest.mark.usefixtures("unaudited")

JUNE = datetime(2024, 6, 1)
SQL = {
    "orders": """SELECT order_no AS order_id, customer AS customer_id, "when" AS "at", sku AS product_id,
        qty AS quantity, price AS unit_price, kind, note AS source_note FROM lines""",
    "customers": "SELECT customer AS customer_id, town AS city, plan AS attr_plan FROM register",
    "identities": "SELECT card AS alias_id, customer AS customer_id FROM cards",
    "feedback": 'SELECT customer AS customer_id, "when" AS "at", \'review\' AS kind, words AS text FROM reviews',
}
HEADERS = {
    "lines": "order_no,customer,when,sku,qty,price,kind,note",
    "register": "customer,town,plan",
    "cards": "card,customer",
    "reviews": "customer,when,words",
}
FIRST = {
    "lines-1.csv": ["A1,ann,2024-05-01,mug,2,4.5,sale,", "A2,bob,2024-05-30,pot,1,20,sale,"],
    "register-1.csv": ["ann,Bath,tea", "bob,York,"],
    "cards-1.csv": ["card7,ann"],
    "reviews-1.csv": ["ann,2024-05-02,great mug", "bob,2024-05-31,"],
}


@pytest.fixture
def shop(tmp_path):
    """A source whose four aliases are deliveries; ``shop(files)`` writes raw files (name: lines) and loads it."""

    def write(files, name="shop", extra="", sql=SQL):
        folder = tmp_path / name
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "raw").mkdir(parents=True)
        for file, lines in files.items():
            text = "\n".join([HEADERS[file.split("-")[0]], *lines]) + "\n"
            (folder / "raw" / file).write_text(text, encoding="utf-8")
        for table, query in sql.items():
            (folder / f"{table}.sql").write_text(query, encoding="utf-8")
        patterns = "".join(f'{alias} = "{alias}-*.csv"\n' for alias in HEADERS)
        (folder / "source.toml").write_text(
            f'name = "shop"\ntitle = "A shop"\n{extra}\n[files]\n{patterns}\n', encoding="utf-8"
        )
        return load_source(folder)

    return write


def tables_of(folder):
    """The bytes of everything written but what changed since the audit before, which knows the way taken."""
    names = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "audit_changes.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in names}


def rows(result, table="orders"):
    found = duckdb.sql(
        f"FROM '{result.folder / (table + '.parquet')}' {'ORDER BY order_id' if table == 'orders' else ''}"
    )
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def days(n):
    return JUNE + timedelta(days=n)


def deliver(workspace, shop, deliveries, extra="", **options):
    """Ingest the first n deliveries for every n, each ten days after the one before; the results."""
    results, files = [], {}
    for n, delivery in enumerate(deliveries):
        files = files | delivery
        results.append(ingest(workspace, shop(files, extra=extra), as_known=days(10 * n), **options))
    return results


CELLS = {
    "lines": st.tuples(
        st.sampled_from(["A1", "A2", "A3", ""]), st.sampled_from(["ann", " bob", "card7"]),
        st.sampled_from(["2024-04-01", "2024-05-30", "2024-06-09", "2024-06-10 12:00", "2024-07-30", "?"]),
        st.sampled_from(["mug", "pot"]), st.sampled_from(["1", "2", "0"]), st.sampled_from(["4.5", "x"]),
        st.sampled_from(["sale", "return"]), st.sampled_from(["", "n"]),
    ),
    "register": st.tuples(
        st.sampled_from(["ann", "bob", "card7"]), st.sampled_from(["", "Bath", "York"]), st.sampled_from(["", "tea"])
    ),
    "cards": st.tuples(st.sampled_from(["card7", "bob", "eve", "ann"]), st.sampled_from(["ann", "bob", "card7"])),
    "reviews": st.tuples(
        st.sampled_from(["ann", "bob"]), st.sampled_from(["2024-05-01", "2024-06-08"]),
        st.sampled_from(["", "good", "not good"]),
    ),
}  # fmt: skip


@st.composite
def deliveries(draw):
    """One or two lots of new files."""
    lots = []
    for n in range(2, 2 + draw(st.integers(1, 2))):
        aliases = draw(st.sets(st.sampled_from(sorted(HEADERS)), min_size=1))
        lots.append(
            {
                f"{alias}-{n}.csv": [",".join(row) for row in draw(st.lists(CELLS[alias], min_size=1, max_size=6))]
                for alias in sorted(aliases)
            }
        )
    return lots


CORRECTIONS = '[corrections]\norders = ["order_id", "kind"]'
# A failing example is not made smaller: that takes minutes, and the examples are small.
quick = settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@quick
@given(lots=deliveries(), corrected=st.booleans(), hidden=st.booleans())
def test_deliveries_one_after_another_equal_one_ingest_with_the_same_ledger(
    shop, tmp_path_factory, lots, corrected, hidden
):
    extra = CORRECTIONS if corrected else ""
    workspace, fresh = Workspace(tmp_path_factory.mktemp("home")), Workspace(tmp_path_factory.mktemp("fresh"))
    last = deliver(workspace, shop, [FIRST, *lots], extra, pseudonymise=hidden)[-1]
    for name in ["deliveries.json"] + ["pseudonym.key"] * hidden:
        shutil.copy(workspace.home / name, fresh.home / name)
    source = load_source(tmp_path_of(shop))
    whole = ingest(fresh, source, as_known=days(10 * len(lots)), pseudonymise=hidden)
    assert whole.id == last.id
    assert tables_of(whole.folder) == tables_of(last.folder)
    assert parts_of(fresh) == parts_of(workspace)


def tmp_path_of(shop):
    return shop.__closure__[0].cell_contents / "shop"


def parts_of(workspace):
    return sorted(
        path.relative_to(workspace.home).as_posix() for path in (workspace.home / "staging").rglob("*.parquet")
    )


@quick
@given(lots=deliveries(), corrected=st.booleans(), late_after_days=st.sampled_from([0, 2]))
def test_a_delivery_changes_nothing_that_was_seen_before_it_came(
    shop, tmp_path_factory, lots, corrected, late_after_days
):
    extra = f"late_after_days = {late_after_days}\n" + (CORRECTIONS if corrected else "")
    workspace = Workspace(tmp_path_factory.mktemp("home"))
    results = deliver(workspace, shop, [FIRST, *lots], extra)
    for n in range(1, len(results)):
        # Rows that come within the days of grace count as known when they happened.
        came = to_days(days(10 * n)) - late_after_days
        for as_of in (came, came - 9):
            before, after = seen(results[n - 1].folder, as_of), seen(results[n].folder, as_of)
            for table in before:
                pd.testing.assert_frame_equal(before[table], after[table], obj=f"{table} at {as_of}")


def seen(folder, as_of):
    """Every table as it could be read at ``as_of``, and the snapshot."""
    tables = open_tables(folder)
    found = {}
    for name in ("orders", "customers", "feedback", "identities"):
        frame = to_pandas(history(tables[name], as_of)).drop(
            columns=["replaced_at", "replaced_at_days"], errors="ignore"
        )
        found[name] = frame.sort_values(list(frame.columns)).reset_index(drop=True)
    return found | {"snapshot": to_pandas(snapshot(tables, as_of))}


LATE = [
    # (line of the second delivery, which comes on 11 June; what its known_at must be)
    ("A3,ann,2024-05-01,mug,1,2,sale,", days(10)),
    ("A4,ann,2024-06-08 23:59:59,mug,1,2,sale,", days(10)),
    ("A5,ann,2024-06-09 00:00,mug,1,2,sale,", None),  # two days before: in time
    ("A6,ann,2024-06-10 12:00,mug,1,2,sale,", None),
    ("A1,ann,2024-05-01,mug,2,4.5,sale,", None),  # sent again: known since the backfill
]


def test_rows_that_come_late_are_known_since_their_file_came(shop, tmp_path):
    workspace = Workspace(tmp_path / "home")
    first, second = deliver(workspace, shop, [FIRST, {"lines-2.csv": [line for line, _ in LATE]}])
    assert {row["known_at"] for row in rows(first)} == {None}
    found = {row["order_id"]: row["known_at"] for row in rows(second)}
    assert found == {line.split(",")[0]: known for line, known in LATE} | {"A2": None}
    assert (second.late["orders"], second.repairs["orders"]) == (2, {"exact_duplicate_dropped": 1})


def test_what_the_source_says_about_known_at_holds(shop, tmp_path):
    sql = SQL | {"orders": SQL["orders"].replace("kind,", "kind, nullif(note, '') AS known_at,")}
    files = FIRST | {"lines-2.csv": ["A3,ann,2024-05-01,mug,1,2,sale,2024-05-03", "A4,ann,2024-05-01,mug,1,2,sale,"]}
    workspace = Workspace(tmp_path / "home")
    ingest(workspace, shop(FIRST, sql=sql), as_known=JUNE)
    result = ingest(workspace, shop(files, sql=sql), as_known=days(10))
    found = {row["order_id"]: row["known_at"] for row in rows(result)}
    assert (found["A3"], found["A4"]) == (datetime(2024, 5, 3), days(10))


def test_a_changed_file_is_a_new_delivery_and_its_old_rows_leave(shop, tmp_path):
    workspace = Workspace(tmp_path / "home")
    changed = FIRST | {"lines-1.csv": ["A9,ann,2024-05-01,mug,1,2,sale,"]}
    ingest(workspace, shop(FIRST), as_known=JUNE)
    result = ingest(workspace, shop(changed), as_known=days(10))
    assert [(row["order_id"], row["known_at"]) for row in rows(result)] == [("A9", days(10))]
    back = ingest(workspace, shop(FIRST), as_known=days(20))
    assert [(row["order_id"], row["known_at"]) for row in rows(back)] == [("A1", None), ("A2", None)]


def test_a_file_that_was_cleaned_of_the_erased_makes_nothing_late(shop, tmp_path):
    workspace, place = Workspace(tmp_path / "home"), str(tmp_path / "shop")
    # A file that stays as it is: without it all would be a new beginning, in which nothing is late.
    files = FIRST | {"lines-2.csv": ["A3,bob,2024-05-20,mug,1,2,sale,"]}
    shop(files)
    ingest_step(workspace, place, "", None)
    assert len(erase(workspace, "ann")["raw_files"]) == 4
    cleaned = {name: [line for line in lines if "ann" not in line] for name, lines in files.items()}
    shop(cleaned)
    assert not any(ingest_step(workspace, place, "", None)["late"].values())
    found = rows(read_result(workspace.require("canonical")))
    assert [(row["order_id"], row["known_at"]) for row in found] == [("A2", None), ("A3", None)]
    # What nobody asked for is news, now as before.
    shop(cleaned | {"lines-1.csv": [*cleaned["lines-1.csv"], "A4,bob,2024-05-01,mug,1,2,sale,"]})
    told = ingest_step(workspace, place, "", None)
    assert told["late"]["orders"] == 1
    assert "came late, dated by their file: 1 in orders" in told["message"]


def test_a_file_that_vanished_takes_its_rows_along(shop, tmp_path):
    workspace = Workspace(tmp_path / "home")
    _, second = deliver(workspace, shop, [FIRST, {"lines-2.csv": ["A3,ann,2024-05-01,mug,1,2,sale,"]}])
    assert [row["order_id"] for row in rows(second)] == ["A1", "A2", "A3"]
    third = ingest(workspace, shop(FIRST), as_known=days(20))
    assert [row["order_id"] for row in rows(third)] == ["A1", "A2"]
    assert len(parts_of(workspace)) == len(FIRST)


def test_a_renamed_file_is_not_late(shop, tmp_path):
    workspace = Workspace(tmp_path / "home")
    ingest(workspace, shop(FIRST), as_known=JUNE)
    renamed = {name.replace("lines-1", "lines-old"): lines for name, lines in FIRST.items()}
    assert {row["known_at"] for row in rows(ingest(workspace, shop(renamed), as_known=days(10)))} == {None}


def test_an_export_written_anew_as_a_whole_is_a_new_beginning(shop, tmp_path):
    """No row of an earlier delivery is left, so nothing tells what was known before."""
    workspace = Workspace(tmp_path / "home")
    ingest(workspace, shop(FIRST), as_known=JUNE)
    anew = {name: [lines[0].replace("ann", "eve")] for name, lines in FIRST.items()}
    assert {row["known_at"] for row in rows(ingest(workspace, shop(anew), as_known=days(10)))} == {None}


def test_a_full_export_under_one_name_is_never_late(write_shop, tmp_path):
    workspace = Workspace(tmp_path / "home")
    files = {"files": {"lines": "lines.csv", "more": "more-*.csv"}}
    source = write_shop(**files)
    (source.raw / "more-1.csv").write_text("a\n1\n")
    ingest(workspace, source)
    result = ingest(workspace, write_shop("A7,ann,2024-01-05,mug,1,2,,sale\n", **files))
    assert [(row["order_id"], row["known_at"]) for row in rows(result)] == [("A7", None)]


def test_a_later_ingest_stages_new_files_only(shop, tmp_path, monkeypatch):
    staged = []
    real = __import__("pipelines.sources.staged_files", fromlist=["select_into_file"]).select_into_file
    monkeypatch.setattr(
        "pipelines.sources.staged_files.select_into_file", lambda *given: (staged.append(given[2].name), real(*given))
    )
    workspace = Workspace(tmp_path / "home")
    ingest(workspace, shop(FIRST), as_known=JUNE)
    assert sorted(staged) == sorted(SQL)
    staged.clear()
    result = ingest(workspace, shop(FIRST | {"lines-2.csv": ["A3,ann,2024-05-01,mug,1,2,sale,"]}), as_known=days(10))
    assert (staged, result.counts["orders"]) == (["orders"], 3)
    staged.clear()
    ingest(workspace, shop(FIRST, extra='timezone = "Asia/Tokyo"'), as_known=days(10))
    assert sorted(staged) == sorted(SQL)


def test_the_cache_may_be_deleted_at_any_time(shop, tmp_path):
    workspace, other = Workspace(tmp_path / "home"), Workspace(tmp_path / "other")
    lots = [FIRST, {"lines-2.csv": ["A3,ann,2024-05-01,mug,1,2,sale,"]}]
    deliver(workspace, shop, lots[:1])
    shutil.rmtree(workspace.home / "staging")
    after = ingest(workspace, shop(lots[0] | lots[1]), as_known=days(10))
    assert tables_of(after.folder) == tables_of(deliver(other, shop, lots)[-1].folder)


def test_a_damaged_part_or_ledger_is_named(shop, tmp_path):
    workspace = Workspace(tmp_path / "home")
    deliver(workspace, shop, [FIRST])
    for path in (workspace.home / "staging").rglob("*.parquet"):
        path.write_bytes(b"PAR1")
    more = FIRST | {"lines-2.csv": ["A3,ann,2024-05-01,mug,1,2,sale,"]}
    with pytest.raises(BadArtifact, match="delete the folder `staging`"):
        ingest(workspace, shop(more), as_known=days(10))
    (workspace.home / "deliveries.json").write_text('{"sources": {"shop": [{"file": "x"}]}}')
    with pytest.raises(BadArtifact, match=r"deliveries\.json cannot be read.*restore it from a backup"):
        ingest(workspace, shop(more), as_known=days(10))


def test_columns_of_one_file_only_are_empty_in_the_others(shop, tmp_path):
    sql = SQL | {"orders": SQL["orders"].replace("kind,", "kind, discount AS discount,")}
    source = shop(FIRST, sql=sql)
    lines = "order_no,customer,when,sku,qty,price,kind,note,Discount\nA3,ann,2024-05-01,mug,1,2,sale,,0.5\n"
    (source.raw / "lines-2.csv").write_text(lines, encoding="utf-8")
    result = ingest(Workspace(tmp_path / "home"), source, as_known=JUNE)
    assert {row["order_id"]: row["discount"] for row in rows(result)} == {"A1": None, "A2": None, "A3": 0.5}


def test_files_of_json_are_read_as_what_they_are_together(write_shop, tmp_path):
    """Alone, the first file's dates would be read as dates; together with the second's they are text."""
    sql = """SELECT o AS order_id, 'ann' AS customer_id, w AS "at", 1 AS quantity, p AS unit_price, 'sale' AS kind
        FROM lines"""
    source = write_shop(files={"lines": "lines-*.json"}, sql={"orders": sql})
    (source.raw / "lines-1.json").write_text('{"o": "1", "w": "2024-01-05T10:00:00+02:00", "p": 2}\n')
    (source.raw / "lines-2.json").write_text('{"o": "x", "w": "2024-01-06 10:00", "p": 2.5}\n{"o": "y", "w": "soon"}\n')
    result = ingest(Workspace(tmp_path / "home"), source)
    found = [(row["order_id"], row["at"], row["unit_price"]) for row in rows(result)]
    assert found == [("1", datetime(2024, 1, 5, 8), 2.0), ("x", datetime(2024, 1, 6, 10), 2.5)]


def test_what_is_staged_of_a_file_follows_what_the_files_are_together(write_shop, tmp_path):
    sql = """SELECT o AS order_id, 'ann' AS customer_id, w AS "at", 1 AS quantity, 2 AS unit_price, 'sale' AS kind
        FROM lines"""
    source = write_shop(files={"lines": "lines-*.json"}, sql={"orders": sql})
    workspace, fresh = Workspace(tmp_path / "home"), Workspace(tmp_path / "fresh")
    (source.raw / "lines-1.json").write_text('{"o": "1", "w": "2024-05-05T10:00:00Z"}\n')
    ingest(workspace, source, as_known=JUNE)
    (source.raw / "lines-2.json").write_text('{"o": "x", "w": "2024-05-06 10:00"}\n{"o": "y", "w": "soon"}\n')
    last = ingest(workspace, source, as_known=days(10))
    fresh.home.mkdir()
    shutil.copy(workspace.home / "deliveries.json", fresh.home)
    assert tables_of(ingest(fresh, source, as_known=days(10)).folder) == tables_of(last.folder)
    assert [row["order_id"] for row in rows(last)] == ["1", "x"]


def test_a_version_of_a_profile_that_was_known_is_not_changed_by_a_later_delivery(shop, tmp_path):
    known = "SELECT customer AS customer_id, town AS city, plan AS attr_plan, '2024-05-01' AS known_at FROM register"
    workspace, sql = Workspace(tmp_path / "home"), SQL | {"customers": known}
    ingest(workspace, shop(FIRST, sql=sql), as_known=JUNE)
    result = ingest(workspace, shop(FIRST | {"register-2.csv": ["bob,Hull,tea"]}, sql=sql), as_known=days(10))
    assert [row["city"] for row in rows(result, "customers") if row["customer_id"] == "bob"] == ["York"]
    assert result.rejects["customers"] == {"duplicate_key": 1}


def test_a_register_delivered_anew_adds_what_changed_and_a_change_back(shop, tmp_path):
    workspace = Workspace(tmp_path / "home")
    lots = [
        FIRST,
        *({f"register-{n}.csv": [f"ann,{town},tea", "bob,York,"]} for n, town in enumerate(["Hull", "Bath"], 2)),
    ]
    result = deliver(workspace, shop, lots)[-1]
    found = [(row["customer_id"], row["city"], row["known_at"]) for row in rows(result, "customers")]
    versions = {("ann", "Bath", None), ("ann", "Hull", days(10)), ("ann", "Bath", days(20))}
    assert {row for row in found if row[0] == "ann"} == versions
    assert [row for row in found if row[0] == "bob"] == [("bob", "York", None)]
    assert result.repairs["customers"]["unchanged_version_dropped"] == 2


def test_the_present_comes_after_the_cache_and_keeps_the_order_of_reasons(shop, tmp_path):
    lines = ["F1,ann,2024-06-05,mug,1,0,sale,", "F2,,2024-06-05,mug,1,2,sale,", "F3,ann,2024-06-05,mug,1,2,sale,"]
    workspace, source = Workspace(tmp_path / "home"), shop(FIRST | {"lines-2.csv": lines})
    then = ingest(workspace, source, as_known=JUNE)
    now = ingest(workspace, source, as_known=days(10))
    assert then.rejects["orders"] == {"in_the_future": 2, "missing_customer_id": 1}
    assert now.rejects["orders"] == {"price_not_positive": 1, "missing_customer_id": 1}
    assert [row["order_id"] for row in rows(now)] == ["A1", "A2", "F3"]


def test_no_id_is_in_the_cache_of_a_pseudonymised_source(shop, tmp_path):
    lines = ["A7, zebedee,2024-05-01,mug,1,2,sale,zebedee", "A8,zebedee,2024-05-01,mug,0,2,sale,zebedee"]
    files = FIRST | {"lines-2.csv": lines, "cards-2.csv": ["zebedee,ann"], "register-2.csv": ["zebedee,Bath,"]}
    workspace = Workspace(tmp_path / "home")
    result = ingest(workspace, shop(files), as_known=JUNE, pseudonymise=True)
    assert result.repairs["orders"]["tidied_customer_id"] == 1
    for path in workspace.home.rglob("*.parquet"):
        assert "zebedee" not in str(duckdb.sql(f"FROM '{path}'").fetchall())
    other = Workspace(tmp_path / "other")
    ingest(other, shop(files), as_known=JUNE, pseudonymise=True)
    prints = [
        set(duckdb.sql(f"SELECT fingerprint FROM '{space.home}/staging/orders/*.parquet'").fetchall())
        for space in (workspace, other)
    ]
    # A hash without the key would let ids be tried out.
    assert prints[0].isdisjoint(prints[1])
    plain = ingest(workspace, shop(files), as_known=JUNE)
    assert (result.counts, result.rejects, result.repairs) == (plain.counts, plain.rejects, plain.repairs)


def test_killed_between_any_two_writes_the_last_good_state_stays_and_running_again_finishes(
    shop, tmp_path, monkeypatch
):
    more = {"lines-2.csv": ["A3,ann,2024-05-01,mug,1,2,sale,"], "register-2.csv": ["ann,York,"]}
    start = Workspace(tmp_path / "start")
    deliver(start, shop, [FIRST])
    ledger = (start.home / "deliveries.json").read_text()
    shutil.copytree(start.home, tmp_path / "undisturbed")
    undisturbed = ingest(Workspace(tmp_path / "undisturbed"), shop(FIRST | more), as_known=days(10))
    for step in range(1, 99):
        workspace = Workspace(tmp_path / f"home{step}")
        shutil.copytree(start.home, workspace.home)
        before = read_result(workspace.current("canonical"))
        with monkeypatch.context() as patch:
            kill_at(patch, step)
            try:
                ingest(workspace, shop(FIRST | more), as_known=days(10))
                finished = True
            except Killed:
                finished = False
        current = workspace.current("canonical")
        assert current in {before.folder, workspace.home / "canonical" / undisturbed.id}
        assert tables_of(current) == tables_of(before.folder if current == before.folder else undisturbed.folder)
        entries = json.loads((workspace.home / "deliveries.json").read_text())["sources"]["shop"]
        assert entries[: len(FIRST)] == json.loads(ledger)["sources"]["shop"]
        again = ingest(workspace, shop(FIRST | more), as_known=days(10))
        assert tables_of(again.folder) == tables_of(undisturbed.folder)
        assert not [path for path in workspace.home.rglob(".*") if "draft" in path.name]
        if finished:
            break
    # The marks of two files, the folder, two parts, the ledger and the pointer.
    assert step == 8


def test_a_killed_ingest_has_seen_the_files_if_the_ledger_says_so(shop, tmp_path, monkeypatch):
    workspace, files = Workspace(tmp_path / "home"), FIRST | {"lines-2.csv": ["A3,ann,2024-05-01,mug,1,2,sale,"]}
    monkeypatch.setattr("pipelines.ingest.run.utc_now", lambda: JUNE)
    ingest(workspace, shop(FIRST))
    for day, step in [(1, 4), (2, 4), (3, 99)]:  # before the ledger, before the pointer, never
        monkeypatch.setattr("pipelines.ingest.run.utc_now", lambda day=day: days(day))
        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            kill_at(patch, step)
            result = ingest(workspace, shop(files))
    assert [row["known_at"] for row in rows(result) if row["order_id"] == "A3"] == [days(2)]
