"""Files that are no text with columns: JSON, Parquet, workbooks and databases."""

import gzip
import io
import json
import random
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tests.damage.shop import HEADER, SELECT, Input, Line, Refusal, clean_lines, kind
from tests.damage.text_files import WESTERN, named, refused
from tests.pipelines.sources.workbook import write_book

ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz")


def row_of(line: Line) -> dict[str, Any]:
    """A line as JSON has it: numbers are numbers."""
    return {
        "order_no": line.order_id, "customer": line.customer_id, "when": f"{line.at:%Y-%m-%dT%H:%M:%SZ}",
        "sku": line.product_id, "qty": line.quantity, "price": float(line.unit_price),
        "discount": None if line.discount is None else float(line.discount),
    }  # fmt: skip


def json_file(rng: random.Random, rows: Sequence[Mapping[str, Any]], ending: str = "") -> dict[str, bytes]:
    """A file of these rows, an object a line or one array."""
    ending = ending or rng.choice(ENDINGS)
    if ending.startswith(".json.") or ending == ".json":
        text = rng.choice([json.dumps(rows), json.dumps(rows, indent=1), "\n".join(map(json.dumps, rows))])
    else:
        text = "".join(json.dumps(row, ensure_ascii=rng.random() < 0.5) + "\n" for row in rows)
    content = text.encode()
    return {f"lines{ending}": gzip.compress(content, mtime=0) if ending.endswith(".gz") else content}


def in_json(rng: random.Random, lines: Sequence[Line], row: Callable[[Line], Mapping[str, Any]] = row_of) -> Input:
    """Lines in one file of JSON."""
    return Input([json_file(rng, [row(line) for line in lines])], kept=lines)


def with_customers(rng: random.Random, lines: Sequence[Line], ids: Sequence[str]) -> list[Line]:
    """The lines, each of one of these customers."""
    return [replace(line, customer_id=rng.choice(ids)) for line in lines]


@kind("JSON: ids of two kinds")
def json_two_kinds(rng: random.Random) -> Input:
    """12 and "12" are one id, whole numbers of any length are exact, and "guest" stays beside them."""
    lines = with_customers(rng, clean_lines(rng), ["12", "7", "12345678901234567", "guest", "007"])

    def row(line: Line) -> dict[str, Any]:
        plain = line.customer_id.isdigit() and not line.customer_id.startswith("0")
        return row_of(line) | ({"customer": int(line.customer_id)} if plain and rng.random() < 0.5 else {})

    return in_json(rng, lines, row)


@kind("JSON: whole-number ids in a column with decimals")
def json_decimal_ids(rng: random.Random) -> Input:
    lines = with_customers(rng, clean_lines(rng), ["12345", "7", "900719925474"])
    return in_json(rng, lines, lambda line: row_of(line) | {"customer": float(line.customer_id)})


@kind("JSON: UUIDs in upper case, times as text")
def json_identities(rng: random.Random) -> Input:
    ids = [str(uuid.UUID(int=rng.getrandbits(128))).upper() for _ in range(3)]
    lines = named(rng, with_customers(rng, clean_lines(rng), [*ids, "2024-01-05", "1e5", "true"]), WESTERN)
    return in_json(rng, lines)


@kind("JSON: text that comes late in a column of numbers")
def json_late_text(rng: random.Random) -> Input:
    lines = clean_lines(rng, 40)
    wrong, reason = rng.choice(
        [({"when": "soon"}, "unreadable_at"), ({"qty": "two"}, "unreadable_quantity"),
         ({"price": "free"}, "unreadable_unit_price"), ({"customer": None}, "missing_customer_id")]
    )  # fmt: skip
    rows = [*map(row_of, lines), row_of(lines[0]) | {"order_no": "BAD"} | wrong]
    return Input([json_file(rng, rows)], kept=lines, rejected=[Refusal(reason)])


@kind("JSON: keys that are missing, null, or come late")
def json_keys(rng: random.Random) -> Input:
    lines = clean_lines(rng)

    def row(line: Line) -> dict[str, Any]:
        found = {key: value for key, value in row_of(line).items() if value is not None}
        keys = rng.sample(list(found), len(found))
        return {key: found[key] for key in keys} | ({"note": {"by": [1, "a"]}} if rng.random() < 0.1 else {})

    return in_json(rng, lines, row)


@kind("JSON: objects in objects")
def json_nested(rng: random.Random) -> Input:
    lines = with_customers(rng, clean_lines(rng), ["12", "0012", "AB-12"])

    def row(line: Line) -> dict[str, Any]:
        whole = line.customer_id == "12" and rng.random() < 0.5
        return row_of(line) | {"customer": {"id": 12 if whole else line.customer_id, "tags": ["a", 1]}}

    select = SELECT.replace("customer AS", "customer.id AS")
    return replace(in_json(rng, lines, row), sql={"orders": select})


@kind("JSON: lines that are no objects")
def json_bad_lines(rng: random.Random) -> Input:
    lines = clean_lines(rng)
    texts = [json.dumps(row_of(line)) for line in lines]
    bad = ['{"order_no": "BAD"', "BAD", '{"order_no": "BAD", "customer": }', '["BAD"]', '"BAD"', "{'order_no': 'BAD'}"]
    refusals = []
    for text in rng.sample(bad, rng.randint(1, 3)):
        texts.insert(rng.randint(0, len(texts)), text)
    if rng.random() < 0.5:
        texts.insert(rng.randint(1, len(texts)), "")
    refusals = [Refusal("malformed_json", "lines.jsonl", n) for n, text in enumerate(texts, 1) if "BAD" in text]
    end = rng.choice(["\n", "\r\n"])
    return Input([{"lines.jsonl": end.join(texts).encode()}], kept=lines, rejected=refusals)


@kind("JSON: a last line that was cut short")
def json_cut(rng: random.Random) -> Input:
    lines = clean_lines(rng)
    text = "\n".join(json.dumps(row_of(line)) for line in lines)
    cut = text[: -rng.randint(2, 60)].encode()
    number = len(lines)
    packing = rng.choice(["", ".gz"])
    name = f"lines.jsonl{packing}"
    content = gzip.compress(cut, mtime=0) if packing else cut
    return Input([{name: content}], kept=lines[:-1], rejected=[Refusal("malformed_json", name, number)])


@kind("JSON: no lines and no array, cut, or packed wrongly")
def json_refused(rng: random.Random) -> Input:
    text = json.dumps([row_of(line) for line in clean_lines(rng)], indent=1).encode()
    whole = gzip.compress(text, mtime=0)
    return rng.choice(
        [
            refused({"lines.json": text[: len(text) // 2]}, "lines.json", "again"),
            refused({"lines.json": b"<html>no</html>"}, "lines.json", "again"),
            refused({"lines.json.gz": text}, "lines.json.gz is no gzip file", "rename it to lines.json"),
            refused({"lines.json.gz": whole[: len(whole) // 2]}, "lines.json.gz ends early", "again"),
        ]
    )


@kind("JSON: several files with other keys and types")
def json_files(rng: random.Random) -> Input:
    lines = with_customers(rng, clean_lines(rng), ["12", "7"])
    half = len(lines) // 2
    first = json_file(rng, [row_of(line) | {"customer": int(line.customer_id)} for line in lines[:half]], ".jsonl")
    second = json_file(rng, [row_of(line) | {"extra": 1} for line in lines[half:]], ".json")
    return Input([first | second], kept=lines)


def columns_of(lines: Sequence[Line]) -> dict[str, list[Any]]:
    """The values of the lines under ``HEADER``."""
    return {
        "order_no": [line.order_id for line in lines], "customer": [line.customer_id for line in lines],
        "when": [line.at for line in lines], "sku": [line.product_id for line in lines],
        "qty": [line.quantity for line in lines], "price": [line.unit_price for line in lines],
        "discount": [line.discount for line in lines],
    }  # fmt: skip


def parquet(lines: Sequence[Line], **types: pa.DataType) -> bytes:
    """A Parquet file of the lines, some of whose columns have another type."""
    columns = {
        name: _array(values, types[name]) if name in types else pa.array(values)
        for name, values in columns_of(lines).items()
    }
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def _array(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """Values as another type; text that a number stands for becomes it."""
    if pa.types.is_dictionary(type_):
        return pa.array(values).dictionary_encode()
    if pa.types.is_integer(type_) or pa.types.is_floating(type_):
        values = [None if value is None else (int if pa.types.is_integer(type_) else float)(value) for value in values]
    if pa.types.is_binary(type_):
        values = [value.encode() for value in values]
    if pa.types.is_timestamp(type_) and type_.tz:
        values = [value.replace(tzinfo=UTC) for value in values]
    return pa.array(values, type_)


ID_TYPES = (pa.int64(), pa.int32(), pa.string(), pa.float64(), pa.binary(), pa.large_string())


@kind("Parquet: ids of another type in each file")
def parquet_ids(rng: random.Random) -> Input:
    lines = with_customers(rng, clean_lines(rng, 40), ["12", "7", "123456"])
    files = {f"lines-{number}.parquet": parquet(lines[number::4], customer=rng.choice(ID_TYPES)) for number in range(4)}
    return Input([files], kept=lines)


@kind("Parquet: numbers of other types")
def parquet_numbers(rng: random.Random) -> Input:
    lines = [replace(line, unit_price=line.unit_price.quantize(Decimal("0.01"))) for line in clean_lines(rng, 30)]
    prices = [pa.float64(), pa.float32(), pa.decimal128(12, 2), pa.string()]
    quantities = [pa.int8(), pa.uint16(), pa.int64(), pa.float64(), pa.float32()]
    files = {}
    for number in range(3):
        price, mine = rng.choice(prices), lines[number::3]
        content = _texts(mine) if price == pa.string() else parquet(mine, price=price, qty=rng.choice(quantities))
        files[f"lines-{number}.parquet"] = content
    return Input([files], kept=lines)


def _texts(lines: Sequence[Line]) -> bytes:
    """A Parquet file in which every column is text."""
    rows = [[cell or None for cell in line.cells()] for line in lines]
    out = io.BytesIO()
    columns = {
        name: pa.array(values, pa.string()) for name, values in zip(HEADER, zip(*rows, strict=True), strict=True)
    }
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


@kind("Parquet: times of other types")
def parquet_times(rng: random.Random) -> Input:
    lines = clean_lines(rng, 40)
    times = [pa.timestamp("us"), pa.timestamp("ms"), pa.timestamp("ns"), pa.timestamp("us", "UTC"),
             pa.timestamp("ms", "Europe/Paris"), pa.timestamp("s")]  # fmt: skip
    files = {f"lines-{n}.parquet": parquet(lines[n::3], when=rng.choice(times)) for n in range(3)}
    return Input([files], kept=lines)


@kind("Parquet: dictionaries, other columns, another order")
def parquet_columns(rng: random.Random) -> Input:
    lines = clean_lines(rng, 30)
    dictionary = pa.dictionary(pa.int32(), pa.string())
    first = parquet(lines[:15], customer=dictionary, sku=dictionary)
    table = pq.read_table(io.BytesIO(parquet(lines[15:])))
    names = rng.sample(table.column_names, 7)
    out = io.BytesIO()
    pq.write_table(table.select(names).append_column("extra", pa.array([1] * 15)), out)
    return Input([{"lines-1.parquet": first, "lines-2.parquet": out.getvalue()}], kept=lines)


@kind("Parquet that is cut short, or none")
def parquet_damaged(rng: random.Random) -> Input:
    content = parquet(clean_lines(rng))
    damaged = rng.choice([content[: len(content) // 2], b"PAR1", b"no parquet at all", content[:-4] + b"XXXX"])
    return refused({"lines.parquet": damaged}, "lines.parquet", "copy or export it again")


@kind("Excel: numbers, dates, titles, blank cells")
def excel(rng: random.Random) -> Input:
    lines = with_customers(rng, clean_lines(rng), ["12", "0012", "7"])

    def cells(line: Line) -> list[Any]:
        id_ = line.customer_id if line.customer_id.startswith("0") else rng.choice([int, str])(line.customer_id)
        discount = "" if line.discount is None else float(line.discount)
        return [line.order_id, id_, line.at, line.product_id, line.quantity, float(line.unit_price), discount]

    rows: list[list[Any]] = [["Sales of the year"], [], [*HEADER], *map(cells, lines)]
    rows = rows if rng.random() < 0.5 else rows[2:]
    return Input([{"lines.xlsx": _book({"Sales": rows})}], kept=lines)


@kind("Excel: a sheet by its name")
def excel_sheets(rng: random.Random) -> Input:
    lines = clean_lines(rng)
    rows = [[*HEADER], *(line.cells() for line in lines)]
    sheets = {"Notes": [["nothing", "here"]], "Sales 2024": rows}
    return Input([{"lines.xlsx": _book(sheets)}], kept=lines, keys={"sheets": {"lines": "Sales 2024"}})


@kind("Excel: several sheets of which none is named, or a workbook that is none")
def excel_refused(rng: random.Random) -> Input:
    rows = [[*HEADER], *(line.cells() for line in clean_lines(rng))]
    book = _book({"Notes": [["x"]], "Sales": rows})
    return rng.choice(
        [
            refused({"lines.xlsx": book}, "lines.xlsx", "Sales"),
            refused({"lines.xlsx": book[: len(book) // 2]}, "lines.xlsx"),
            refused({"lines.xlsx": b"no workbook"}, "lines.xlsx"),
        ]
    )


def _book(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_book(Path(folder) / "book.xlsx", sheets)
        return (Path(folder) / "book.xlsx").read_bytes()


def database(url: str) -> dict[str, Any]:
    """The keys of a source whose lines are a table of this database."""
    return {"files": {}, "database": {"url": url}}


@kind("SQLite: cells of any type in one column")
def sqlite(rng: random.Random) -> Input:
    lines = with_customers(rng, clean_lines(rng), ["12", "0012", "7"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.db"
        with sqlite3.connect(path) as con:
            con.execute('CREATE TABLE lines (order_no, customer, "when", sku, qty, price, discount)')
            for line in lines:
                id_ = line.customer_id if line.customer_id.startswith("0") else rng.choice([int, str])(line.customer_id)
                discount = None if line.discount is None else float(line.discount)
                row = [line.order_id, id_, line.cells()[2], line.product_id, line.quantity, float(line.unit_price)]
                con.execute("INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?)", [*row, discount])
        con.close()
        content = path.read_bytes()
    return Input([{"shop.db": content}], kept=lines, keys=database("sqlite:///shop.db"))


@kind("DuckDB: a table, a view")
def duckdb_tables(rng: random.Random) -> Input:
    lines = clean_lines(rng)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute("""CREATE TABLE sold (order_no VARCHAR, customer VARCHAR, "when" TIMESTAMP, sku VARCHAR,
                qty TINYINT, price DECIMAL(12, 2), discount DOUBLE)""")
            rows = [[*line.values()[:5], line.unit_price, line.values()[6]] for line in lines]
            con.executemany("INSERT INTO sold VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            con.execute("CREATE VIEW lines AS FROM sold" if rng.random() < 0.5 else "ALTER TABLE sold RENAME TO lines")
        content = path.read_bytes()
    return Input([{"shop.duckdb": content}], kept=lines, keys=database("duckdb:///shop.duckdb"))


@kind("a database that is none, or is cut short")
def database_damaged(rng: random.Random) -> Input:
    which = rng.choice(["sqlite", "duckdb"])
    content = rng.choice([b"no database at all" * 100, b"SQLite format 3\0", b""])
    return replace(refused({"shop.db": content}, "shop.db"), keys=database(f"{which}:///shop.db"))
