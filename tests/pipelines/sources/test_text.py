"""Text files are read as a person would read them, and a bad line costs itself alone."""

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from features.errors import BadTable
from pipelines.scratch import create_schemas
from pipelines.sources.read import open_raw, raw_files
from pipelines.sources.source import Source, SourceConfig
from pipelines.sources.text import streams

GOOD = ["id,name,at,n", "1,ann,2024-01-05,2", "2,bob,2024-01-06,3"]
BOB = ("2", "bob", "2024-01-06", "3")
ROWS = [("1", "ann", "2024-01-05", "2"), BOB]


def read(
    folder: Path, files: Mapping[str, bytes], pattern: str = "*", **csv: Any
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of raw files as text in their order, and (file, line, reason) of what was refused."""
    raw = folder / "raw"
    raw.mkdir(exist_ok=True)
    for name, content in files.items():
        (raw / name).write_bytes(content)
    config = SourceConfig.model_validate({"name": "shop", "title": "", "files": {"lines": pattern}, "csv": csv})
    source = Source(folder=folder, config=config, config_text="", sql={})
    with duckdb.connect() as con:
        create_schemas(con)
        open_raw(con, source, raw_files(source), folder / "copies")
        rows = con.execute("FROM raw.lines").fetchall()
        refused = con.execute("SELECT raw_file, raw_line, reason FROM refused.lines ORDER BY ALL").fetchall()
    return rows, refused


def lines(*text: str, end: str = "\n") -> bytes:
    return "".join(line + end for line in text).encode()


@pytest.mark.parametrize(
    ("bad", "reason", "lines_n"),
    [
        ("9,x,2024-01-05,2,5", "too_many_fields", 1),
        ("9,Set of 5, 7,2024-01-05,2", "too_many_fields", 1),
        ('9,"5" pipe",2024-01-05,2', "stray_quote", 1),
        ('9,"x" ,2024-01-05,2', "stray_quote", 1),
        ('9,"x,2024-01-05,2', "unclosed_quote", 1),
        ('9,"he said\n"wow" and\nleft",2024-01-05,2', "stray_quote", 3),
        ("9,\0x,2024-01-05,2", "invalid_bytes", 1),
        ('9,"x,2024-01-05,2\n2,bob,2024-01-06,3\n8,Ruler 12",2024-01-05,2', "unclosed_quote", 1),
        (f"9,{'x' * 1_000_001},2024-01-05,2", "line_too_long", 1),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_bad_line_costs_itself_wherever_it_stands(tmp_path, bad, reason, lines_n, packed):
    """First, in the middle and last; what stands around it is read as if it were not there."""
    for place in (1, 2, 3):
        content = lines(*GOOD[:place], bad, *GOOD[place:])
        name = "lines.csv.gz" if packed else "lines.csv"
        rows, refused = read(tmp_path, {name: gzip.compress(content, mtime=0) if packed else content}, name)
        assert sorted(row for row in rows if row[0] in "12") == ROWS + [BOB] * ("bob" in bad)
        assert refused == [(name, place + 1, reason)]
        assert len(rows) == 2 + bad.count("\n") + 1 - lines_n


def test_a_quote_that_never_ends_is_called_so_where_every_value_is_quoted(tmp_path):
    """The next quote begins the next line: that is no text after a value's end."""
    quoted = [",".join(f'"{cell}"' for cell in line.split(",")) for line in GOOD]
    rows, refused = read(tmp_path, {"lines.csv": lines(*quoted, '"9","x","2024-01-05","2', *quoted[1:])})
    assert (rows, refused) == ([*ROWS, *ROWS], [("lines.csv", 4, "unclosed_quote")])


@pytest.mark.parametrize(
    ("odd", "row"),
    [
        ("9,x", ("9", "x", None, None)),
        ("9,x,y,z, ,", ("9", "x", "y", "z")),
        ('9,"x, ""y""",,z', ("9", 'x, "y"', None, "z")),
        ('9,"x\ny",,z', ("9", "x\ny", None, "z")),
        ('9,Ruler 12",,z', ("9", 'Ruler 12"', None, "z")),
        ('"9","two\nlines, and, 2024, more","x","y"', ("9", "two\nlines, and, 2024, more", "x", "y")),
    ],
)
def test_an_odd_line_that_can_be_read_is_a_row(tmp_path, odd, row):
    assert read(tmp_path, {"lines.csv": lines(*GOOD, odd, "", *GOOD[1:])}) == ([*ROWS, row, *ROWS], [])


@pytest.mark.parametrize("size", [40, 64, 150])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_where_a_block_of_text_ends_does_not_matter(tmp_path, monkeypatch, size, end):
    odd = [
        '3,"two\nlines",,z',
        "9,x,y,z,5",
        '4,"a ""b""",c,1',
        '9,"open,2024-01-05,1',
        '9,"he said\n"wow"\nand left",,1',
    ]
    content = lines(GOOD[0], *(line for each in odd for line in (*GOOD[1:], each)), end=end)
    whole = read(tmp_path, {"lines.csv": content})
    assert (len(whole[0]), len(whole[1])) == (12, 3)
    monkeypatch.setattr(streams, "CHUNK", size)
    assert read(tmp_path, {"lines.csv": content}) == whole


@pytest.mark.parametrize(
    "content",
    [
        lines(*GOOD, end="\r\n"),
        lines(*GOOD, end="\r"),
        lines(GOOD[0], end="\r\n") + lines(*GOOD[1:]),
        lines(*GOOD[:2]) + lines(GOOD[2], end="\r\n"),
        lines(*GOOD)[:-1],
        lines(*GOOD, "", ""),
        b"\xef\xbb\xbf" + lines(*GOOD),
        "\n".join(GOOD).encode("utf-16"),
        "\n".join(GOOD).encode("utf-16-le"),
        lines("sep=,", *GOOD),
        lines("sep=;", *(line.replace(",", ";") for line in GOOD)),
        lines(*(line.replace(",", "\t") for line in GOOD)),
        lines(*(line.replace(",", "|") for line in GOOD)),
        lines("Report of sales", "", *GOOD),
        lines("Report;;;", *(line.replace(",", ";") for line in GOOD)),
        lines("Made, by a program", *GOOD[:1], *GOOD[1:]),
        lines(*(",".join(f'"{cell}"' for cell in line.split(",")) for line in GOOD)),
        lines(GOOD[0] + ",", GOOD[1] + ",", GOOD[2]),
        lines('id,"name of\nthe customer",at,n', *GOOD[1:]),
    ],
)
def test_the_same_table_is_found_however_it_is_written(tmp_path, content):
    rows, refused = read(tmp_path, {"lines.csv": content})
    assert [row[:4] for row in rows] == ROWS
    assert refused == []


def test_each_file_has_its_own_delimiter_encoding_and_columns(tmp_path):
    files = {
        "1.csv": lines("id;name", "1;zoë"),
        "2.csv": "id,name\n2,zoë\n".encode("cp1252"),
        "3.csv": "name\tid\nzoë\t3\n".encode("utf-16"),
        "4.csv": lines("ID,extra", "4,x"),
        "._1.csv": b"\x00\x05",
    }
    rows, _ = read(tmp_path, files, "*.csv")
    assert sorted(rows, key=str) == [("1", "zoë", None), ("2", "zoë", None), ("3", "zoë", None), ("4", None, "x")]


@pytest.mark.parametrize("name", ["cp1252", "CP1252", "windows-1252", "ansi", "latin-1", "latin1", "iso-8859-1"])
def test_an_encoding_may_be_called_what_people_call_it(tmp_path, name):
    content = "id,name\n1,Thé 5€ ’\n".encode("cp1252")
    assert read(tmp_path, {"lines.csv": content}, encoding=name)[0] == [("1", "Thé 5€ ’")]


def test_bytes_that_are_no_text_cost_their_line_and_no_guess_is_made_for_other_alphabets(tmp_path):
    good, bad = "1,zoë\n".encode(), b"2,\xff\xfe\n"
    assert read(tmp_path, {"a.csv": b"id,name\n" + good + bad}, "a.csv") == (
        [("1", "zoë")],
        [("a.csv", 3, "invalid_bytes")],
    )
    russian = "id,name\n1,x\n2,Иванов\n".encode("cp1251")
    assert read(tmp_path, {"b.csv": russian}, "b.csv") == ([("1", "x")], [("b.csv", 3, "invalid_bytes")])
    assert read(tmp_path, {"b.csv": russian}, "b.csv", encoding="cp1251")[0] == [("1", "x"), ("2", "Иванов")]


def test_what_the_declared_encoding_cannot_decode_costs_its_line(tmp_path):
    content = lines(*GOOD).replace(b"ann", b"a\x81n")
    assert read(tmp_path, {"lines.csv": content}, encoding="cp1252") == ([BOB], [("lines.csv", 2, "invalid_bytes")])


def test_one_number_among_the_names_does_not_make_a_header_a_row(tmp_path):
    assert read(tmp_path, {"lines.csv": lines("id,name,30,n", *GOOD[1:])}) == (ROWS, [])


def test_a_quote_in_the_wrong_place_is_seen_where_every_line_has_as_many(tmp_path):
    found = read(tmp_path, {"lines.csv": lines("id,name", '"1",ann', '"2"x,bob', '"3",eve')})
    assert found == ([("1", "ann"), ("3", "eve")], [("lines.csv", 3, "stray_quote")])


def test_what_a_file_is_can_be_said(tmp_path):
    content = lines("a,title,of,many", "# made today", "1~ann~NA", "# in between", "2~-~3")
    rows, refused = read(
        tmp_path, {"l.csv": content}, skip=1, header=False, comment="#", null=["NA", "-"], delimiter="~"
    )
    assert (rows, refused) == ([("1", "ann", None), ("2", None, "3")], [])


def test_a_first_line_of_values_is_no_header(tmp_path):
    content = lines(*GOOD[1:])
    assert read(tmp_path, {"lines.csv": content})[0] == ROWS
    assert read(tmp_path, {"lines.csv": content}, header=True)[0] == [BOB]
    assert read(tmp_path, {"lines.csv": lines("id,2023,2024", "1,2,3")})[0] == [("1", "2", "3")]


def packed(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_a_zip_is_read_file_by_file(tmp_path):
    files = {"a/1.csv": lines(*GOOD[:2], "9,9,9,9,9"), "a/2.csv": lines(GOOD[0], GOOD[2]), "__MACOSX/._1.csv": b"\0"}
    rows, refused = read(tmp_path, {"all.zip": packed(files)})
    assert (sorted(rows), refused) == (ROWS, [("all.zip/a/1.csv", 3, "too_many_fields")])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("l.csv.gz", lines(*GOOD), "l.csv.gz is no gzip file (unpacked already?): rename it to l.csv"),
        ("l.csv.gz", gzip.compress(lines(*GOOD), mtime=0)[:-12], "l.csv.gz ends early: copy or export it again"),
        ("l.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"\xff" * 40, "l.csv.gz is damaged or cut short"),
        ("l.zip", lines(*GOOD), "l.zip is no zip file (unpacked already?): rename it to l"),
        ("l.zip", packed({"l.csv": lines(*GOOD)})[:-9], "l.zip is damaged or cut short"),
        ("l.zip", packed({"l.docx": b"x"}), "l.zip/l.docx is no text file with columns"),
        ("l.zip", packed({}), "l.zip has no file in it"),
        ("l.csv", b"", "l.csv is empty (0 bytes)"),
        ("l.csv", b"\n\n", "l.csv has no rows"),
        ("l.csv", lines("a,b", "1,2,3", "1,2,3"), "no line after line 1 is a row of 2 columns (2 too_many_fields)"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_its_cure(tmp_path, name, content, sentence):
    with pytest.raises(BadTable) as error:
        read(tmp_path, {name: content})
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("key", "value"), [("encoding", "klingon"), ("delimiter", "||"), ("skip", -1), ("comment", "")]
)
def test_a_wrong_setting_is_refused(tmp_path, key, value):
    with pytest.raises(ValueError, match=key):
        read(tmp_path, {"l.csv": lines(*GOOD)}, **{key: value})


def test_of_many_files_the_one_that_cannot_be_read_is_named(tmp_path):
    files = {f"{n:03}.json": json.dumps([{"id": n}]).encode() for n in range(9)}
    with pytest.raises(BadTable, match=r"004\.json") as error:
        read(tmp_path, files | {"004.json": b'[{"id": }]'})
    assert "003.json" not in str(error.value)
