"""A clean table, written and damaged in every way: its rows come back, and everything else is refused and counted."""

import gzip
import io
import random
import zipfile
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.scratch import create_schemas
from pipelines.sources.read import open_raw, raw_files
from pipelines.sources.source import Source, SourceConfig

HEADER = ["id", "name", "at", "n"]
BAD = {
    "long": lambda d: f"9{d}x{d}2024-01-05{d}1{d}5",
    "decimal comma": lambda d: f"9{d}x{d}2024-01-05{d}1{d}5{d}{d}7",
    "stray quote": lambda d: f'9{d}"5" pipe"{d}2024-01-05{d}1',
    "space after quote": lambda d: f'9{d}"x" {d}2024-01-05{d}1',
    "open quote": lambda d: f'9{d}"x{d}2024-01-05{d}1',
    "zero byte": lambda d: f"9{d}\0x{d}2024-01-05{d}1",
}
NAMES = st.text(alphabet='ab é,;|\t"\n', max_size=6)


@st.composite
def damaged_files(draw: st.DrawFn) -> dict[str, Any]:
    """The content of a file, how it is to be opened, and the rows and the number of bad lines in it."""
    delimiter = draw(st.sampled_from(",;\t|"))
    quote_all = draw(st.booleans())
    rows = [
        [str(1000 + i), name, f"2024-01-{i + 1:02}", str(i)]
        for i, name in enumerate(draw(st.lists(NAMES, min_size=2, max_size=8)))
    ]
    kinds = draw(st.lists(st.sampled_from([*BAD, "blank", "tail"]), max_size=len(rows)))
    written = [written_row(row, delimiter, quote_all) for row in rows]
    for kind in kinds:
        place = draw(st.integers(0, len(written) - 1))
        if kind == "tail":
            written[place] += delimiter if written[place] else ""
        else:
            written.insert(place, "" if kind == "blank" else BAD[kind](delimiter))
    top = draw(st.sampled_from([[], [f"sep={delimiter}"], ["Report", ""]]))
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\n", "\r\n"]]))
    mixed = random.Random(draw(st.integers(0, 9)))
    text = "".join(line + mixed.choice(ends) for line in [*top, delimiter.join(HEADER), *written])
    return {
        "text": text if draw(st.booleans()) else text.rstrip("\r\n"),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        "packing": draw(st.sampled_from(["", ".gz", ".zip"])),
        "rows": [tuple(value or None for value in row) for row in rows],
        "bad_n": sum(kind in BAD for kind in kinds),
    }


def written_row(row: list[str], delimiter: str, quote_all: bool) -> str:
    return delimiter.join(
        '"' + value.replace('"', '""') + '"' if quote_all or set(value) & {delimiter, '"', "\n"} else value
        for value in row
    )


def packed(content: bytes, packing: str) -> bytes:
    if packing == ".gz":
        return gzip.compress(content, 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("lines.csv", content)
    return out.getvalue() if packing == ".zip" else content


@settings(max_examples=60, deadline=None)
@given(file=damaged_files())
def test_every_row_comes_back_and_every_bad_line_is_refused(tmp_path_factory, file) -> None:
    folder: Path = tmp_path_factory.mktemp("damaged")
    (folder / "raw").mkdir()
    content = packed(file["text"].encode(file["encoding"]), file["packing"])
    (folder / "raw" / f"lines.csv{file['packing']}").write_bytes(content)
    csv = {"encoding": "cp1252"} if file["encoding"] == "cp1252" else {}
    config = SourceConfig.model_validate({"name": "shop", "title": "", "files": {"lines": "*"}, "csv": csv})
    source = Source(folder=folder, config=config, config_text="", sql={})
    with duckdb.connect(config={"threads": 1}) as con:
        create_schemas(con)
        open_raw(con, source, raw_files(source), folder / "copies")
        assert con.execute("FROM raw.lines").fetchall() == file["rows"]
        refused = con.execute("SELECT raw_text FROM refused.lines").fetchall()
    assert len(refused) == file["bad_n"]
    assert all(text.startswith("9") for (text,) in refused)
