"""What is wrong with a source is said with what to write instead."""

import pytest

from features.errors import BadConfig
from pipelines.steps.check import check_source
from tests.pipelines.conftest import ORDERS_SQL


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"csv": {"quotechar": "'"}}, "unknown key 'csv.quotechar': [csv] has"),
        ({"csv": {"delimeter": ";"}}, "unknown key 'csv.delimeter': did you mean 'delimiter'?"),
        ({"time_formats": "%d/%m/%Y"}, 'time_formats is a single text: write a list, time_formats = ["%d/%m/%Y"]'),
        (
            {"files": {"BigSales": "lines.csv"}},
            "the alias 'BigSales' in [files] is no plain name: write it like 'bigsales'",
        ),
        ({"files": {"lines": 3}}, "files.lines is 3: name a file or a pattern"),
        ({"csv": ";"}, "csv is a value: write it as a table, [csv], with"),
        (
            {"late_after_days": -1, "zone": "UTC"},
            "late_after_days: Input should be greater than or equal to 0; unknown key",
        ),
    ],
)
def test_a_wrong_setting_is_cured_by_its_message(write_shop, keys, sentence):
    with pytest.raises(BadConfig) as error:
        write_shop(**keys)
    assert sentence in str(error.value)


def test_a_name_that_is_no_plain_name_is_shown_as_one(write_shop):
    folder = write_shop().folder
    (folder / "source.toml").write_text('name = "My-Shop"\ntitle = "x"\n[files]\na = "a.csv"\n')
    assert_refused(folder, "name is 'My-Shop': use small letters, digits and _, like 'my_shop'")


def test_a_table_of_one_date_is_refused_with_the_reason(write_shop):
    folder = write_shop().folder
    (folder / "orders.sql").rename(folder / "customers.sql")
    assert_refused(folder, "has no times, so nothing can be learned about what comes after a date")


def assert_refused(folder, sentence):
    with pytest.raises(BadConfig) as error:
        check_source(str(folder), None)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("FROM lines", "FROM orders", "no alias 'orders': a SELECT reads raw files, not canonical tables: [files] of"),
        ("FROM lines", "FROM sales", "there is no alias 'sales': [files] of source.toml has lines"),
        ("customer AS", "custmer AS", "the files have no column 'custmer': did you mean \"customer\"?"),
        ("sku AS", "xxxxxx AS", "no column 'xxxxxx': lines has \"order_no\", \"customer\", \"when\""),
        ("sku AS", "lines.xxxxxx AS", "no column 'xxxxxx'"),
        ("price AS", "price * 2 AS", "cannot take VARCHAR, INTEGER_LITERAL: text becomes a number with TRY_CAST"),
        ('"when" AS "at"', "at", 'a bare at begins a clause of SQL: write "at" in double quotes'),
        ('"when" AS "at"', "at AS time", 'write "at" in double quotes'),
    ],
)  # fmt: skip
def test_sql_that_does_not_fit_is_answered_with_what_there_is(write_shop, old, new, sentence):
    source = write_shop(sql={"orders": ORDERS_SQL.replace(old, new)})
    (error,) = check_source(str(source.folder), None)["errors"]
    assert sentence in error
    assert "pg_" not in error
    assert "\n" not in error


def test_an_at_that_is_no_name_is_not_blamed(write_shop):
    source = write_shop(sql={"orders": "-- at first\n" + ORDERS_SQL.replace("sku AS", "'at noon' sku sku AS")})
    (error,) = check_source(str(source.folder), None)["errors"]
    assert "syntax error" in error
