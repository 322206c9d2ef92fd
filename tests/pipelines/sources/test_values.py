"""A value arrives as what its file says: the same id, price and instant in every kind of file."""

from datetime import datetime
from random import Random

import duckdb
import pytest

from features.errors import BadConfig, BadTable
from pipelines.sources.json_shapes import shape_of
from pipelines.sources.read import found_by_duckdb

SQL = {
    "orders": """SELECT id AS order_id, who AS customer_id, "at", n AS quantity, price AS unit_price, 'sale' AS kind
        FROM lines"""
}
AT = '"at": "2024-01-05", "n": 1'


def json_shop(write_shop, *lines, **keys):
    source = write_shop(sql=SQL, files={"lines": "lines.jsonl"}, **keys)
    (source.raw / "lines.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return source


def parquet_shop(write_shop, *files):
    """Each file is a SELECT of the columns id, who, price."""
    source = write_shop(sql=SQL, files={"lines": "lines-*.parquet"})
    for number, select in enumerate(files):
        query = f"SELECT *, DATE '2024-01-05' AS \"at\", 1 AS n FROM ({select})"
        duckdb.sql(f"COPY ({query}) TO '{source.raw / f'lines-{number}.parquet'}'")
    return source


def test_json_ids_of_two_kinds_are_one_text(write_shop, staged):
    given = [
        "12",
        '"12"',
        "12.0",
        "NaN",
        '"guest"',
        '"9A595726-E8EE-4F88-AF58-E614BD7A981A"',
        "9007199254740993",
        "1e1",
    ]
    lines = [f'{{"id": {n}, "who": {who}, "price": 2.50, {AT}}}' for n, who in enumerate(given)]
    found = [row["customer_id"] for row in staged(json_shop(write_shop, *lines))]
    assert found == ["12", "12", "12", None, "guest", "9A595726-E8EE-4F88-AF58-E614BD7A981A", "9007199254740993", "10"]


def test_the_text_of_a_json_number_does_not_depend_on_what_stands_beside_it(write_shop, staged):
    """A column of numbers alone is read in another way than one with a word in it."""
    random = Random(7)
    given = [repr(random.uniform(-1, 1) * 10 ** random.randint(-12, 24)) for _ in range(300)]
    given += ["12.0", "-0.0", "1e5", "1E5", "1e-7", "1e22", "1.0e2", "19.990", "NaN", "123456789012345678901", "5e-324"]
    lines = [f'{{"id": {n}, "who": {who}, "price": 2.50, {AT}}}' for n, who in enumerate(given)]
    alone = [row["customer_id"] for row in staged(json_shop(write_shop, *lines))]
    beside = staged(json_shop(write_shop, *lines, f'{{"id": 999, "who": "guest", "price": 2.50, {AT}}}'))
    assert alone == [row["customer_id"] for row in beside][:-1]
    assert [None if id_ is None else float(id_) for id_ in alone] == [None if n == "NaN" else float(n) for n in given]


def test_json_keeps_ids_inside_objects_and_costs_a_row_with_a_bad_time_only_itself(write_shop, staged):
    sql = {"orders": SQL["orders"].replace("who AS", "buyer.id AS")}
    source = write_shop(sql=sql, files={"lines": "lines.jsonl"})
    lines = [
        f'{{"id": 1, "buyer": {{"id": {id_}}}, "price": 2, "n": 1, "at": "{at}"}}'
        for id_, at in [("7", "2024-01-05"), ('"A1B2C3D4-0000-4000-8000-0000000000FF"', "soon"), ('"x"', "2024-01-06")]
    ]
    (source.raw / "lines.jsonl").write_text("\n".join(lines), encoding="utf-8")
    rows = staged(source)
    assert [row["customer_id"] for row in rows] == ["7", "A1B2C3D4-0000-4000-8000-0000000000FF", "x"]
    assert [row["reason"] for row in rows] == [None, "unreadable_at", None]


@pytest.mark.parametrize("bad", ["{broken", '"text"', "[1]"])
def test_a_bad_line_of_json_costs_itself(write_shop, staged, bad):
    good = [f'{{"id": {n}, "who": 1, "price": 2, {AT}}}' for n in (1, 3)]
    source = json_shop(write_shop, good[0], bad, good[1])
    assert [row["order_id"] for row in staged(source)] == ["1", "3"]


def test_what_is_no_json_is_refused_in_one_sentence(write_shop, staged):
    with pytest.raises(BadTable, match=r"cannot read lines\.jsonl: JSON is one array"):
        staged(json_shop(write_shop, "[", "{", '"id": 1', "}"))


def test_a_key_without_a_value_in_one_file_is_what_the_others_say(write_shop, staged):
    """Null, or an empty array, in all of a day's rows; a key that ends like DuckDB's second name is a key."""
    sql = {"orders": SQL["orders"].replace("who AS", "buyer.id AS").replace("price AS", "items[1].price AS")}
    source = write_shop(sql=sql, files={"lines": "lines-*.jsonl"})
    rows = [
        '{"id": 1, "buyer": null, "items": [], "price": 1, "price_1": 2, "n": 1, "at": "2024-01-05"}',
        '{"id": 2, "buyer": {"id": 12.0, "x": null}, "items": [{"price": 2.5}], "n": 1, "at": "2024-01-05"}',
        '{"id": 3, "buyer": {"id": "a", "x": 1}, "items": [{"price": "3"}], "n": 1, "at": "2024-01-05"}',
    ]
    for number, row in enumerate(rows):
        (source.raw / f"lines-{number}.jsonl").write_text(row + "\n", encoding="utf-8")
    found = staged(source)
    assert [row["unit_price"] for row in found] == [None, 2.5, 3.0]
    assert [row["reason"] for row in found] == ["missing_customer_id", None, None]


def test_a_large_json_file_is_looked_through_in_little_memory(tmp_path):
    lines = tmp_path / "lines.jsonl"
    with duckdb.connect() as con:
        con.execute(f"COPY (SELECT i, 'c' || i AS who, i / 7 AS price FROM range(200000) AS t(i)) TO '{lines}'")
        con.execute("SET memory_limit = '120MB'")
        con.execute("SET threads = 1")
        assert shape_of(con, [lines]) == {"i": "BIGINT", "who": "VARCHAR", "price": "DOUBLE"}


def test_json_keys_that_sql_cannot_tell_apart_are_refused(write_shop, staged):
    with pytest.raises(BadTable, match="Who and who"):
        staged(json_shop(write_shop, f'{{"id": 1, "who": 1, "price": 2, {AT}}}', f'{{"Who": 2, {AT}}}'))


@pytest.mark.parametrize(
    ("files", "ids"),
    [
        (["SELECT 1 AS id, 12 AS who, 2 AS price", "SELECT 2 AS id, '12' AS who, 2 AS price"], ["12", "12"]),
        (["SELECT 1 AS id, 12 AS who, 2 AS price", "SELECT 2 AS id, 12::DOUBLE AS who, 2 AS price"], ["12", "12"]),
        (["SELECT 1 AS id, 9007199254740993 AS who, 2 AS price", "SELECT 2 AS id, 12.0::FLOAT AS who, 2 AS price"],
         ["9007199254740993", "12"]),
        (["SELECT 1 AS id, 7::UTINYINT AS who, 2 AS price", "SELECT 2 AS id, -7 AS who, 2 AS price"], ["7", "-7"]),
        (["SELECT 1 AS id, 007.00::DECIMAL(9, 2) AS who, 2 AS price"], ["7"]),
        (["SELECT 1 AS id, 'nan'::DOUBLE AS who, 2 AS price"], [None]),
        (["SELECT 1 AS id, encode('Zoë') AS who, 2 AS price"], ["Zoë"]),
    ],
)  # fmt: skip
def test_parquet_ids_are_the_same_whatever_type_a_file_gives_them(write_shop, staged, files, ids):
    assert [row["customer_id"] for row in staged(parquet_shop(write_shop, *files))] == ids


def test_a_price_stored_as_a_single_is_what_it_says(write_shop, staged):
    rows = staged(parquet_shop(write_shop, "SELECT 1 AS id, 1 AS who, 19.99::FLOAT AS price",
                               "SELECT 2 AS id, 1 AS who, 19.99::DECIMAL(8, 2) AS price"))  # fmt: skip
    assert [row["unit_price"] for row in rows] == [19.99, 19.99]


def csv_shop(write_shop, *lines, **keys):
    return write_shop("\n".join(lines) + "\n", header="id;who;at;n;price\n", sql=SQL, **keys)


def priced(price, quantity="1"):
    return f"1;ann;2024-01-05;{quantity};{price}"


@pytest.mark.parametrize(
    ("csv", "price", "value"),
    [
        ({"decimal": ","}, "12,50", 12.5),
        ({"decimal": ","}, "1.234,50", 1234.5),
        ({"decimal": ","}, "1\u202f234,50", 1234.5),
        ({"decimal": ","}, "12.50", None),  # not 1250
        ({"decimal": ",", "thousands": "'"}, "1'234,5", 1234.5),
        ({"thousands": ","}, "1,234.50", 1234.5),
        ({"thousands": ","}, "12,50", None),
        ({"thousands": ","}, "-1,234,567", -1234567.0),
    ],
)
def test_declared_separators_are_read_and_others_refused(write_shop, staged, csv, price, value):
    rows = staged(csv_shop(write_shop, priced(price), priced("2"), priced("3"), csv=csv))
    assert rows[0]["unit_price"] == value


def test_separators_of_csv_files_do_not_touch_json(write_shop, staged):
    source = json_shop(write_shop, f'{{"id": 1, "who": 1, "price": 1.234, {AT}}}', csv={"decimal": ","})
    assert [row["unit_price"] for row in staged(source)] == [1.234]


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        (priced("12,50"), r'set decimal = "," under \[csv\] in source.toml, or return replace\(unit_price'),
        ("1;ann;1704450000123;1;2", r'declare \[times\] at = "epoch_ms"'),
        ("1;ann;05/01/2024;1;2", "set time_formats"),
    ],
)
def test_a_column_that_cannot_be_read_says_what_to_declare(write_shop, staged, line, cure):
    with pytest.raises(BadTable, match=cure):
        staged(csv_shop(write_shop, line))


NOON_UTC = datetime(2024, 3, 1, 12)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("2024-03-01 07:00:00 -0500", {}),
        ("2024-03-01 13:00 +01:00", {}),
        ("2024-03-01 13:00:00 +01", {}),
        ("2024-03-01T12:00:00 Z", {}),
        ("2024-03-01T13:00:00,000+0100", {}),
        ("2024-03-01 07:00:00", {}),
        ("1709294400", {"at": "epoch_s"}),
        ("1709294400.000", {"at": "epoch_s"}),
        ("1709294400000", {"orders.at": "epoch_ms"}),
        ("1709294400000000", {"at": "epoch_us"}),
        ("2024-03-01 07:00:00", {"at": "epoch_us"}),
        ("01/03/2024 07h00", {"at": "%d/%m/%Y %Hh%M"}),
    ],
)
def test_an_instant_is_the_same_however_it_is_written(write_shop, staged, text, times):
    source = csv_shop(write_shop, f"1;ann;{text};1;2", timezone="America/New_York", times=times)
    assert [row["at"] for row in staged(source)] == [NOON_UTC]


def test_a_count_in_another_unit_than_declared_is_no_day_of_1970(write_shop, staged):
    with pytest.raises(BadTable, match=r'declare \[times\] at = "epoch_ms"'):
        staged(csv_shop(write_shop, "1;ann;1709294400000;1;2", times={"at": "epoch_us"}))


@pytest.mark.parametrize("at", ["epoch_ms(1709294400000)", "CAST(make_timestamp(1709294400000000) AS TIMESTAMP)"])
def test_what_a_select_makes_of_a_count_since_1970_is_no_local_time(write_shop, staged, at):
    sql = {"orders": SQL["orders"].replace('"at"', f'{at} AS "at"')}
    source = write_shop("1;ann;x;1;2\n", header="id;who;at;n;price\n", sql=sql, timezone="America/New_York")
    assert [row["at"] for row in staged(source)] == [NOON_UTC]


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"time_formats": ["dd/MM/yyyy HH:mm"]}, "'dd/MM/yyyy HH:mm' is no time format: write '%d/%m/%Y %H:%M'"),
        ({"times": {"at": "YYYY-MM-DD"}}, "write '%Y-%m-%d'"),
        ({"times": {"at": "epoch"}}, "'epoch' is neither epoch_s, epoch_ms"),
        ({"times": {"bought": "epoch_s"}}, "'bought' is no column of times: use one of at,"),
        ({"csv": {"decimal": ",", "thousands": ","}}, "decimal and thousands are both ','"),
    ],
)
def test_a_wrong_declaration_is_refused_with_the_right_spelling(write_shop, keys, sentence):
    with pytest.raises(BadConfig) as error:
        write_shop(**keys)
    assert sentence in str(error.value)


def test_a_column_in_other_letters_is_the_column(write_shop, staged):
    source = write_shop("1;ann;2024-01-05;2;3\n", header="id;who;AT;n;price\n",
                        sql={"orders": SQL["orders"].replace("n AS quantity", "n AS Quantity")})  # fmt: skip
    assert [(row["at"], row["quantity"]) for row in staged(source)] == [(datetime(2024, 1, 5), 2.0)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT CAST('ann@example.org' AS INT)",
        "SELECT strptime('ann@example.org', '%d')",
        "SELECT CAST('ann@example.org' AS TIMESTAMP)",
        "SELECT json_extract('ann@example.org', '$.a')",
        "SELECT CAST(x AS DECIMAL(3, 1)) FROM (VALUES ('ann@example.org')) AS t(x)",
    ],
)
def test_no_message_quotes_a_value(query):
    with duckdb.connect() as con, pytest.raises(duckdb.Error) as error:
        con.execute(query)
    assert "ann" in str(error.value)
    assert "ann" not in found_by_duckdb(error.value)


def test_more_json_files_than_memory_has_buffers_for_are_read(write_shop, staged):
    source = write_shop(sql=SQL, files={"lines": "lines-*.jsonl"})
    for day in range(60):
        line = f'{{"id": {day}, "who": "ann", "price": 2.5, {AT}}}\n'
        (source.raw / f"lines-{day}.jsonl").write_text(line, encoding="utf-8")
    (source.raw / "lines-60.jsonl").write_text(f'{{"id": 60, "who": {{"name": 1}}, "price": 3, {AT}}}\n')
    assert sorted(int(row["order_id"]) for row in staged(source)) == list(range(61))


def test_an_object_with_more_keys_than_columns_can_be_is_a_map(write_shop, staged):
    sql = {"orders": SQL["orders"].replace("who AS", "by_day['d300'] AS")}
    source = write_shop(sql=sql, files={"lines": "lines.jsonl"})
    days = ", ".join(f'"d{n}": {n}' for n in range(301))
    (source.raw / "lines.jsonl").write_text(f'{{"id": 1, "by_day": {{{days}}}, "price": 3, {AT}}}\n')
    assert staged(source)[0]["customer_id"] == "300"
